import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Response } from 'express';
import { until } from '../../../test/support/until';
import { UpdateStream } from './update-stream';

const LARGE = Buffer.alloc(1024 * 1024, 'x');
const MANY = 32;

describe('a stream of updates', () => {
  let server: Server;
  let response: Response;
  let answer: IncomingMessage;

  beforeEach(async () => {
    server = createServer((_request, given) => (response = given as Response)).listen(0, '127.0.0.1');
    await until('the server', () => server.listening);
    const { port } = server.address() as AddressInfo;
    get({ host: '127.0.0.1', port, agent: false }, (given) => (answer = given)).on('error', () => undefined);
    await until('the request', () => response);
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
    response = undefined as unknown as Response;
    answer = undefined as unknown as IncomingMessage;
  });

  function open(limits: { maxUnreadBytes: number; stalledMs: number }, heartbeatMs?: number) {
    const ends: boolean[] = [];
    const stream = new UpdateStream(response, limits, (isTooSlow) => ends.push(isTooSlow));
    stream.open({ Subscribe: 'true' }, heartbeatMs);
    return { stream, ends };
  }
  /** Writes more than the buffers of the system hold. */
  const fill = (stream: UpdateStream): void => {
    for (let count = 0; count < MANY; count++) stream.write(LARGE);
  };

  it('sends its head before the first update, and ends with a complete response', async () => {
    const { stream, ends } = open({ maxUnreadBytes: 1_000, stalledMs: 60_000 });
    await until('the head', () => answer);
    expect([answer.statusCode, answer.statusMessage, answer.headers.subscribe]).toEqual([
      209,
      'Subscription',
      'true',
    ]);
    let text = '';
    answer.on('data', (data: Buffer) => (text += data.toString()));
    stream.write(Buffer.from('one'));
    stream.end();
    stream.write(Buffer.from('two'));
    await until('the end', () => answer.complete);
    expect([text, ends, stream.hasEnded]).toEqual(['one', [false], true]);
  });

  it('continues when a slow reader has read', async () => {
    const { stream, ends } = open({ maxUnreadBytes: 1_000, stalledMs: 60_000 });
    fill(stream);
    expect(stream.isBehind).toBe(true);
    let isRead = false;
    void stream.room().then(() => (isRead = true));
    await until('the head', () => answer);
    expect(isRead).toBe(false);
    answer.resume();
    await until('the reader to have read', () => isRead);
    expect([stream.isBehind, ends]).toEqual([false, []]);
  });

  it('is closed for a reader that reads nothing', async () => {
    const { stream, ends } = open({ maxUnreadBytes: 1_000, stalledMs: 100 });
    fill(stream);
    await until('the end', () => ends.length > 0);
    expect([ends, response.destroyed, stream.hasEnded]).toEqual([[true], true, true]);
  });

  it('drops unread updates when it must end', async () => {
    const { stream } = open({ maxUnreadBytes: 1_000, stalledMs: 60_000 });
    fill(stream);
    stream.end();
    expect(response.destroyed).toBe(true);
    await until('the head', () => answer);
    let bytes = 0;
    answer.on('data', (data: Buffer) => (bytes += data.length)).on('error', () => undefined);
    await until('the end', () => answer.destroyed);
    expect(bytes).toBeLessThan(MANY * LARGE.length);
  });

  it('sends heartbeats to readers as often as promised', async () => {
    const { stream } = open({ maxUnreadBytes: 1_000, stalledMs: 60_000 }, 20);
    await until('the head', () => answer);
    let text = '';
    answer.on('data', (data: Buffer) => (text += data.toString()));
    await until('three signs of life', () => /^(\r\n){3,}$/.test(text));
    stream.end();
  });

  it('ends when the reader disconnects', async () => {
    const { stream, ends } = open({ maxUnreadBytes: 1_000, stalledMs: 60_000 });
    await until('the head', () => answer);
    answer.destroy();
    await until('the end', () => stream.hasEnded);
    stream.end();
    expect(ends).toEqual([false]);
  });
});
