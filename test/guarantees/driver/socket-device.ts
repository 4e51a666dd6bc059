import { io, type Socket } from 'socket.io-client';
import type { Person } from '../../support/people';
import { until } from '../../support/until';
import { ANSWER_TIMEOUT_MS, refused, type Command, type Device, type Outcome } from './device';

type Answer = { ok: true; data: object } | { ok: false; problem: { code: string; status: number } };

/** Over a socket that comes back by itself whenever it is cut. */
export class SocketDevice implements Device {
  readonly socket: Socket;
  /** How often it was connected so far: events of one connection come in order. */
  connections = 0;
  isReady = false;
  private isClosed = false;

  constructor(
    url: string,
    private readonly person: Person,
  ) {
    this.socket = io(url, {
      auth: { token: person.accessToken },
      transports: ['websocket'],
      reconnectionDelay: 50,
      reconnectionDelayMax: 500,
      forceNew: true,
    });
    this.socket.on('ready', () => {
      this.connections++;
      this.isReady = true;
    });
    this.socket.on('disconnect', (reason) => {
      this.isReady = false;
      // Closed by the server: this library comes back only when it is told to.
      if (reason === 'io server disconnect') this.reconnect();
    });
    this.socket.on('connect_error', () => {
      // A refused handshake is not tried again by the library.
      if (!this.socket.active) this.reconnect();
    });
  }

  get userId(): string {
    return this.person.id;
  }

  async connected(): Promise<void> {
    await until(`${this.person.username} to be connected`, () => this.isReady, 30_000);
  }

  perform(conversationId: string, command: Command): Promise<Outcome> {
    const { op, ...fields } = command;
    return this.command(`message:${op}`, { conversationId, ...fields });
  }

  /** Any command, tried once; over no connection, it is not tried. */
  async command(event: string, payload: object): Promise<Outcome> {
    // Without this the library would keep it, and send it over a later connection.
    if (!this.isReady || !this.socket.connected)
      return { type: 'fail', value: { code: 'not-connected', status: 503 } };
    try {
      const answer = (await this.socket.timeout(ANSWER_TIMEOUT_MS).emitWithAck(event, payload)) as Answer;
      return answer.ok ? { type: 'ok', value: answer.data } : refused(answer.problem);
    } catch {
      return { type: 'info', value: { code: 'no-answer' } };
    }
  }

  /** Goes away, and stays away until it is told to come back. */
  leave(): void {
    this.socket.disconnect();
  }

  comeBack(): void {
    this.socket.connect();
  }

  close(): void {
    this.isClosed = true;
    this.socket.close();
  }

  private reconnect(): void {
    setTimeout(() => !this.isClosed && this.socket.connect(), 100).unref();
  }
}
