import { io, type ManagerOptions, type Socket } from 'socket.io-client';
import { Backoff, Pause, type BackoffOptions } from './backoff.ts';
import type { Ready } from './types.ts';
import { Emitter } from './emitter.ts';
import { toError, XFChatError, type Problem } from './problem.ts';
import type { Session } from './session.ts';
import type { Commands } from './wire.generated.ts';

/** After a socket has lasted this long, in milliseconds, the pauses between attempts are short again. */
const SUCCESS_MS = 5_000;

interface ConnectionOptions {
  readonly url: string;
  readonly session: Session;
  readonly backoff: BackoffOptions;
  /** Time limit for an acknowledgement and for the event `ready`, in milliseconds. */
  readonly timeoutMs: number;
  readonly transports: ManagerOptions['transports'];
}

interface ConnectionEvents {
  ready: Ready;
  lost: undefined;
  /** Any event of the server, `ready` included. */
  event: { readonly name: string; readonly payload: unknown };
}

type Acknowledgement<T> = { ok: true; data: T } | { ok: false; problem: Problem };

/**
 * Keeps one socket alive from `open` until `close`. Each attempt uses a new socket with the newest token. So a command that
 * was meant for an earlier socket is never sent over a later one.
 */
export class Connection extends Emitter<ConnectionEvents> {
  /** The payload of `ready` of the current socket, a different object for each socket; undefined until it is ready. */
  ready: Ready | undefined;
  private socket: Socket | undefined;
  /** Ends the current socket in any state. */
  private hangUp: () => void = () => undefined;
  private isWanted = false;
  private running: Promise<void> | undefined;
  private readonly pause = new Pause();
  private readonly backoff: Backoff;
  private readonly target: URL;

  constructor(private readonly options: ConnectionOptions) {
    super();
    this.backoff = new Backoff(options.backoff);
    this.target = new URL(options.url);
    options.session.on('refreshed', (token) => {
      // If this fails, the server closes the socket when the old token expires. The next socket has the new token.
      if (this.ready) this.command('session:refresh', { token }).catch(() => undefined);
    });
  }

  open(): void {
    this.isWanted = true;
    this.pause.wake();
    this.running ??= this.run();
  }

  /** Closes the socket before it returns. */
  close(): void {
    this.isWanted = false;
    this.hangUp();
    this.end();
    this.pause.wake();
  }

  /** Ends a pause between attempts. */
  hurry(): void {
    this.pause.wake();
  }

  /** Replaces the socket, so that the server sends the epoch again. */
  renew(): void {
    this.hangUp();
  }

  /**
   * Sends a command in one attempt and waits for its acknowledgement.
   * @throws XFChatError the server's problem, `not-connected`, or `unreachable` when no acknowledgement came in time
   */
  async command<Name extends keyof Commands>(
    event: Name,
    payload: Commands[Name]['payload'],
  ): Promise<Commands[Name]['answer']> {
    if (!this.ready || !this.socket?.connected) throw XFChatError.notConnected();
    const answer: unknown = await this.socket
      .timeout(this.options.timeoutMs)
      .emitWithAck(event, payload)
      .catch((error: unknown) => Promise.reject(XFChatError.unreachable(error)));
    const acknowledgement = answer as Acknowledgement<Commands[Name]['answer']>;
    if (!acknowledgement.ok) throw new XFChatError(acknowledgement.problem);
    return acknowledgement.data;
  }

  private async run(): Promise<void> {
    const { session } = this.options;
    while (this.isWanted) {
      const { generation } = session;
      const pauseMs = await this.attempt().catch(async (error: unknown) => {
        await session.recover(error, generation).catch(() => undefined);
        return this.backoff.next(toError(error).retryAfterMs);
      });
      if (this.isWanted) await this.pause.wait(pauseMs);
    }
    this.running = undefined;
  }

  /**
   * Opens a socket and resolves when it has ended.
   * @returns the pause before the next attempt, in milliseconds
   * @throws XFChatError when the handshake was rejected or not answered
   */
  private async attempt(): Promise<number> {
    const { session } = this.options;
    const { generation } = session;
    const token = await session.accessToken();
    if (!this.isWanted || generation !== session.generation) return 0;
    const { timeoutMs, transports } = this.options;
    const socket = io(this.target.origin, {
      path: `${this.target.pathname.replace(/\/+$/, '')}/socket.io`,
      auth: { token },
      forceNew: true,
      reconnection: false,
      timeout: timeoutMs,
      transports,
    });
    this.socket = socket;
    const handshake = setTimeout(() => this.hangUp(), timeoutMs);
    const timers = [handshake];
    let comeBackAt: number | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        this.hangUp = resolve;
        socket.onAny((name: string, payload: unknown) => {
          if (name === 'ready') {
            clearTimeout(handshake);
            timers.push(setTimeout(() => this.backoff.reset(), SUCCESS_MS));
            this.ready = payload as Ready;
            this.emit('ready', this.ready);
          } else if (name === 'server:draining') {
            const { reconnectInMs } = payload as { reconnectInMs: number };
            comeBackAt = Date.now() + reconnectInMs;
            timers.push(setTimeout(() => this.hangUp(), reconnectInMs));
          }
          this.emit('event', { name, payload });
        });
        socket.once('disconnect', () => resolve());
        socket.once('connect_error', (error: Error & { data?: Problem }) =>
          reject(error.data?.code ? new XFChatError(error.data) : XFChatError.unreachable(error)),
        );
      });
    } finally {
      timers.forEach((timer) => clearTimeout(timer));
      if (this.socket === socket) this.end();
    }
    return comeBackAt === undefined ? this.backoff.next() : Math.max(0, comeBackAt - Date.now());
  }

  private end(): void {
    this.socket?.offAny().disconnect();
    this.socket = undefined;
    if (!this.ready) return;
    this.ready = undefined;
    this.emit('lost', undefined);
  }
}
