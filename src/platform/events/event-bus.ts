import { Injectable, Logger } from '@nestjs/common';
import { Metrics } from '../metrics/metrics';

type EventClass<E> = abstract new (...args: never[]) => E;
type Listener = (event: object) => void | Promise<void>;

/**
 * Publishes committed changes within the process. Code that changes something calls `announce` in its transaction. The
 * event is published only after the commit, and other servers receive it as well (`EventRelay`). Listeners run in the
 * order in which they were added and cannot fail the publisher.
 */
@Injectable()
export class EventBus {
  private readonly logger = new Logger(EventBus.name);
  private readonly listeners = new Map<unknown, Listener[]>();

  constructor(private readonly metrics: Metrics) {}

  on<E extends object>(event: EventClass<E>, listener: (event: E) => void | Promise<void>): void {
    const listeners = this.listeners.get(event) ?? [];
    listeners.push(listener as Listener);
    this.listeners.set(event, listeners);
    this.metrics.eventFailures.inc({ event: event.name }, 0);
  }

  async publish(event: object): Promise<void> {
    for (const listener of this.listeners.get(event.constructor) ?? []) {
      try {
        await listener(event);
      } catch (error) {
        this.metrics.eventFailures.inc({ event: event.constructor.name });
        this.logger.error(`a listener of ${event.constructor.name} failed`, error);
      }
    }
  }
}
