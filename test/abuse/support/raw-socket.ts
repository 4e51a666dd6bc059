import WebSocket from 'ws';
import { Random, SEED } from '../../support/random';
import { from } from './abuse-server';

/** Spreads the attempts of all sockets of this process over time. */
const random = new Random(SEED);

export type Handshake = { outcome: 'ready' } | { outcome: 'refused'; code: string } | { outcome: 'lost' };

/** A small Socket.IO client, so that thousands of them fit into a test. It reconnects on request. */
export class RawSocket {
  private socket: WebSocket | undefined;
  /** Resolves when the connection ends. */
  ended: Promise<void> = Promise.resolve();

  constructor(
    private readonly url: string,
    private readonly token: string,
    private readonly address: string,
  ) {}

  /** Makes one handshake; never rejects. */
  connect(): Promise<Handshake> {
    const socket = new WebSocket(`${this.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`, {
      headers: from(this.address),
      perMessageDeflate: false,
    });
    this.socket = socket;
    this.ended = new Promise((resolve) => socket.once('close', () => resolve()));
    return new Promise((resolve) => {
      socket.on('error', () => undefined);
      socket.once('close', () => resolve({ outcome: 'lost' }));
      socket.on('message', (data: Buffer) => {
        const text = data.toString();
        if (text.startsWith('0')) this.authenticate();
        else if (text === '2') socket.send('3');
        else if (text.startsWith('42["ready"')) resolve({ outcome: 'ready' });
        else if (text.startsWith('44')) resolve({ outcome: 'refused', code: codeOf(text) });
      });
    });
  }

  /** Repeats the connect packet over one WebSocket. @returns the codes of the rejections */
  async insist(times: number): Promise<string[]> {
    const first = await this.connect();
    if (first.outcome !== 'refused') return [first.outcome];
    const codes = [first.code];
    const { socket } = this;
    await new Promise<void>((resolve) => {
      socket!.once('close', () => resolve());
      socket!.on('message', (data: Buffer) => {
        if (!data.toString().startsWith('44')) return;
        codes.push(codeOf(data.toString()));
        if (codes.length < times) this.authenticate();
        else socket!.close();
      });
      this.authenticate();
    });
    return codes;
  }

  /** Retries like Socket.IO's client: after 1 s and later up to 5 s, each randomised by half. */
  async connectPersistently(): Promise<Handshake[]> {
    const handshakes: Handshake[] = [];
    for (let attempt = 0; ; attempt++) {
      const waitMs = Math.min(1_000 * 2 ** attempt, 5_000) * random.between(0.5, 1.5);
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      const handshake = await this.connect();
      handshakes.push(handshake);
      if (handshake.outcome === 'refused') this.close();
      if (handshake.outcome === 'ready') return handshakes;
    }
  }

  private authenticate(): void {
    this.send(`40${JSON.stringify({ token: this.token })}`);
  }

  send(text: string): void {
    this.socket?.send(text);
  }

  get isOpen(): boolean {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  close(): void {
    this.socket?.terminate();
  }
}

function codeOf(refusal: string): string {
  const { data: problem } = JSON.parse(refusal.slice(2)) as { data?: { code: string } };
  return problem?.code ?? 'unknown';
}
