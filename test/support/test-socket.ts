import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import { until } from './until';

/* eslint-disable @typescript-eslint/no-explicit-any -- tests look into payloads of every shape */
export interface ReceivedEvent {
  readonly event: string;
  readonly payload: any;
}

export type CommandAnswer = { ok: true; data: any } | { ok: false; problem: any };

/** A real Socket.IO client that keeps all received events. */
export class TestSocket {
  readonly events: ReceivedEvent[] = [];
  disconnectReason: string | undefined;

  constructor(readonly socket: Socket) {
    socket.onAny((event: string, payload: unknown) => {
      this.events.push({ event, payload });
      globalThis.witness?.heard(event, payload);
    });
    socket.on('connect_error', (error: Error & { data?: unknown }) => {
      // Without data, the transport failed and the server has sent nothing.
      if (error.data) globalThis.witness?.heard('connect_error', error.data);
    });
    socket.on('disconnect', (reason) => (this.disconnectReason = reason));
  }

  /** Sends a command and waits for its acknowledgement, at most `timeoutMs`. */
  async command(event: string, payload: unknown, timeoutMs = 15_000): Promise<CommandAnswer> {
    const answer = (await this.socket.timeout(timeoutMs).emitWithAck(event, payload)) as CommandAnswer;
    globalThis.witness?.acknowledged(event, payload, answer);
    return answer;
  }

  /** Sends a command that must succeed. */
  async ok(event: string, payload: unknown): Promise<any> {
    const answer = await this.command(event, payload);
    if (!answer.ok) throw new Error(`${event}: ${JSON.stringify(answer.problem)}`);
    return answer.data;
  }

  payloads(event: string): any[] {
    return this.events.filter((entry) => entry.event === event).map((entry) => entry.payload);
  }

  /** Waits for the first event of this name that fits. An earlier event counts too. */
  async next(event: string, fits: (payload: any) => boolean = () => true, timeoutMs = 30_000): Promise<any> {
    return until(`event ${event}`, () => this.payloads(event).find(fits), timeoutMs);
  }

  async disconnected(timeoutMs = 30_000): Promise<string> {
    return until('the disconnection', () => this.disconnectReason, timeoutMs);
  }

  close(): void {
    this.socket.close();
  }
}

type Options = Partial<ManagerOptions & SocketOptions>;

/** Begins to connect without waiting. */
export function openSocket(url: string, token: string | undefined, options: Options = {}): TestSocket {
  const socket = io(url, {
    auth: token === undefined ? {} : { token },
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    ...options,
  });
  return new TestSocket(socket);
}

/** Connects and waits for `ready`. */
export async function connectSocket(url: string, token: string, options: Options = {}): Promise<TestSocket> {
  const client = openSocket(url, token, options);
  const refusal = new Promise<never>((_resolve, reject) =>
    client.socket.once('connect_error', (error) => reject(Object.assign(error, { name: 'ConnectError' }))),
  );
  await Promise.race([client.next('ready'), refusal]);
  return client;
}

/** The problem of a rejected handshake. */
export async function refusedSocket(
  url: string,
  token: string | undefined,
  options: Options = {},
): Promise<any> {
  const client = openSocket(url, token, options);
  try {
    return await new Promise((resolve, reject) => {
      client.socket.once('connect_error', resolve);
      client.socket.once('connect', () => reject(new Error('the handshake was accepted')));
    });
  } finally {
    client.close();
  }
}
