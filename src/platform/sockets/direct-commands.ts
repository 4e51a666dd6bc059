import { Injectable } from '@nestjs/common';
import type { SocketIdentity } from './socket-identity';

/** Gets the payload as it came, `{}` when there was none, and has to check it. */
type Handler = (identity: SocketIdentity, payload: unknown) => Promise<object>;

/**
 * Commands that are too frequent for Nest's chain of pipes and interceptors. They pass the same middleware as all others
 * and are answered alike; the check of their payload is their own.
 */
@Injectable()
export class DirectCommands {
  private readonly handlers = new Map<string, Handler>();

  on(event: string, handler: Handler): void {
    this.handlers.set(event, handler);
  }

  handlerOf(event: string): Handler | undefined {
    return this.handlers.get(event);
  }
}
