import { Injectable, Logger } from '@nestjs/common';

type EventClass<E> = abstract new (...args: never[]) => E;
type Listener = (event: object) => void | Promise<void>;

/**
 * Tells parts of the process what has been committed. Publish only from `afterCommit`: an event says that something is
 * so, not that it may become so. Listeners run in the order in which they were added and cannot fail the publisher.
 */
@Injectable()
export class EventBus {
  private readonly logger = new Logger(EventBus.name);
  private readonly listeners = new Map<unknown, Listener[]>();

  on<E extends object>(event: EventClass<E>, listener: (event: E) => void | Promise<void>): void {
    const listeners = this.listeners.get(event) ?? [];
    listeners.push(listener as Listener);
    this.listeners.set(event, listeners);
  }

  async publish(event: object): Promise<void> {
    for (const listener of this.listeners.get(event.constructor) ?? []) {
      try {
        await listener(event);
      } catch (error) {
        this.logger.error(`a listener of ${event.constructor.name} failed`, error);
      }
    }
  }
}
