import { connect, type Socket } from 'node:net';
import { until } from '../../support/until';
import { listIn, UpdateParser, type Update } from './update-parser';

interface Options {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** A request and its answer over a separate TCP connection, byte by byte. It may continue as a subscription. */
export class RawExchange {
  status = 0;
  reason = '';
  readonly headers: Record<string, string> = {};
  readonly updates: Update[] = [];
  readonly parser = new UpdateParser();
  /** Whether the connection is closed, by either side. */
  hasClosed = false;
  /** Whether the answer is complete. */
  hasEnded = false;
  /** The fault of the bytes, if there is one. */
  fault: Error | undefined;
  private rest = Buffer.alloc(0);
  private content = Buffer.alloc(0);
  private isReading = true;

  private constructor(private readonly socket: Socket) {
    socket.on('data', (data) => {
      this.rest = Buffer.concat([this.rest, data]);
      try {
        this.parse();
      } catch (error) {
        this.fault ??= error as Error;
      }
    });
    socket.on('error', () => undefined);
    socket.on('close', () => (this.hasClosed = true));
  }

  /** Sends the request without waiting. */
  static send(url: string, { method = 'GET', headers = {}, body = '' }: Options = {}): RawExchange {
    const { hostname, port, pathname, search, host } = new URL(url);
    const socket = connect(Number(port || 80), hostname);
    const bytes = Buffer.from(body);
    const lines = [
      `${method} ${pathname}${search} HTTP/1.1`,
      `Host: ${host}`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      ...(bytes.length > 0 ? [`Content-Length: ${bytes.length}`] : []),
    ];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    socket.write(bytes);
    return new RawExchange(socket);
  }

  /** Waits for the head of the answer. */
  static async begin(url: string, options: Options = {}): Promise<RawExchange> {
    const exchange = RawExchange.send(url, options);
    await until('the head of an answer', () => exchange.status > 0 || exchange.hasClosed);
    return exchange;
  }

  /** Waits for the whole answer. */
  static async whole(url: string, options: Options = {}): Promise<RawExchange> {
    const headers = { ...options.headers, Connection: 'close' };
    const exchange = await RawExchange.begin(url, { ...options, headers });
    await until('the end of an answer', () => exchange.hasClosed);
    exchange.close();
    return exchange;
  }

  /** The body of an answer that is no subscription. */
  get text(): string {
    return this.content.toString('utf8');
  }

  list(header: string): string[] | undefined {
    return listIn(this.headers[header.toLowerCase()]);
  }

  /** Waits until there are this many updates. */
  async atLeast(count: number): Promise<Update[]> {
    await until(`${count} updates (there are ${this.updates.length})`, () => {
      if (this.fault) throw this.fault;
      if (this.updates.length < count && this.hasClosed)
        throw new Error(`it was closed after ${this.updates.length} of ${count} updates`);
      return this.updates.length >= count;
    });
    return this.updates;
  }

  async closed(): Promise<void> {
    await until('the end of the stream', () => this.hasEnded || this.hasClosed);
  }

  /** Stops reading from the network. */
  stopReading(): void {
    this.isReading = false;
    this.socket.pause();
  }

  close(): void {
    this.socket.destroy();
  }

  private parse(): void {
    if (this.status === 0) this.parseHead();
    if (this.status === 0 || !this.isReading) return;
    if (this.headers['transfer-encoding'] === 'chunked') this.parseChunks();
    else this.take(this.rest.subarray(0), this.rest.length);
  }

  private parseHead(): void {
    const end = this.rest.indexOf('\r\n\r\n');
    if (end < 0) return;
    const [first, ...lines] = this.rest.toString('latin1', 0, end).split('\r\n');
    for (const line of lines) {
      const colon = line.indexOf(':');
      this.headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    const [, status, reason] = /^HTTP\/1\.1 (\d{3}) ?(.*)$/.exec(first!)!;
    this.reason = reason!;
    this.status = Number(status);
    this.rest = this.rest.subarray(end + 4);
  }

  private parseChunks(): void {
    for (;;) {
      const line = this.rest.indexOf('\r\n');
      if (line < 0) return;
      const length = parseInt(this.rest.toString('latin1', 0, line), 16);
      if (this.rest.length < line + 2 + length + 2) return;
      if (length === 0) this.hasEnded = true;
      this.take(this.rest.subarray(line + 2, line + 2 + length), line + 2 + length + 2);
    }
  }

  private take(bytes: Buffer, consumed: number): void {
    const content = Buffer.from(bytes);
    this.rest = this.rest.subarray(consumed);
    if (this.status !== 209) this.content = Buffer.concat([this.content, content]);
    else this.updates.push(...this.parser.read(content));
  }
}
