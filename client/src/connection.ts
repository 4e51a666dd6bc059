import { io, type ManagerOptions, type Socket } from 'socket.io-client';
import { Backoff, Pause, type BackoffOptions } from './backoff.ts';
import type { Ready } from './types.ts';
import { Emitter } from './emitter.ts';
import { toError, XFChatError, type Problem } from './problem.ts';
import type { Session } from './session.ts';
import type { Commands } from './wire.generated.ts';

/** A connection that has lasted this long was a success: after it pauses are short again. */
const SUCCESS_MS = 5_000;

interface ConnectionOptions {
  readonly url: string;
  readonly session: Session;
  readonly backoff: BackoffOptions;
  /** How long to wait for an acknowledgement, and for `ready`, in milliseconds. */
  readonly timeoutMs: number;
  readonly transports: ManagerOptions['transports'];
}

interface ConnectionEvents {
  ready: Ready;
  lost: undefined;
  /** Whatever the server says besides. */
  event: { readonly name: string; readonly payload: unknown };
}

type Acknowledgement<T> = { ok: true; data: T } | { ok: false; problem: Problem };

/**
 * One live socket after another, for as long as it is wanted. Each attempt is a new socket with the newest token;
 * so nothing that was meant for an earlier one is ever sent on a later one.
 */
export class Connection extends Emitter<ConnectionEvents> {
  /** What the server said when the present socket became ready; another object for each. */
  ready: Ready | undefined;
  private socket: Socket | undefined;
  /** Ends the present socket, whatever state it is in. */
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
      // If this fails the server closes the socket in time, and the next one has the new token.
      if (this.ready) this.command('session:refresh', { token }).catch(() => undefined);
    });
  }

  open(): void {
    this.isWanted = true;
    this.pause.wake();
    this.running ??= this.run();
  }

  /** There is no socket any more when this returns. */
  close(): void {
    this.isWanted = false;
    this.hangUp();
    this.end();
    this.pause.wake();
  }

  /** Tries now what waits for the end of a pause. */
  hurry(): void {
    this.pause.wake();
  }

  /** Gives up this socket for a new one, to be told the epoch again. */
  renew(): void {
    this.hangUp();
  }

  /**
   * Sends a command and waits for its acknowledgement. One attempt.
   * @throws XFChatError the server's refusal, `not-connected`, or `unreachable` when no acknowledgement came
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
   * From the handshake to the end of a socket.
   * @returns how long to wait before the next
   * @throws XFChatError the handshake was refused, or nobody answered
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
