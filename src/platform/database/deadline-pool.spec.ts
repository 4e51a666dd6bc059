import { createServer, type AddressInfo, type Server } from 'node:net';
import type { PoolClient } from 'pg';
import { databaseProblem } from './database-problem';
import { runInContext } from '../request-context';
import type { Span } from '../tracing/span';
import { AcquireTimeoutError, DeadlinePool } from './deadline-pool';

/** A message of the PostgreSQL protocol: a letter, the length (which includes itself), and the content. */
function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

const AUTHENTICATION_OK = message('R', Buffer.alloc(4));
const READY = message('Z', Buffer.from('I'));
const GOING = message('E', Buffer.from('SFATAL\0C57P01\0Mterminating connection\0\0'));

/** A server that accepts a connection and ends it in the same packet. */
async function serverThatIsGoing(): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(Buffer.concat([AUTHENTICATION_OK, READY, GOING])));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** A server that accepts connections and keeps them. */
async function serverThatStays(): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.write(Buffer.concat([AUTHENTICATION_OK, READY])));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

describe('a pool', () => {
  it('traces failed waits for a connection, and new connections', async () => {
    const server = await serverThatStays();
    const { port } = server.address() as AddressInfo;
    const config = { host: '127.0.0.1', port, user: 'u', database: 'd', max: 1, ssl: false };
    const pool = new DeadlinePool({ ...config, connectionTimeoutMillis: 1_000 });
    const told: unknown[] = [];
    const child = (name: string, options: unknown) => ({
      end: (ending: unknown) => void told.push([name, options, ending]),
    });
    const context = {
      requestId: 'r',
      deadline: Infinity,
      span: { isRecorded: true, child } as unknown as Span,
    };
    const take = () =>
      new Promise<PoolClient>((resolve, reject) =>
        pool.connect((error, taken) => (taken ? resolve(taken) : reject(error!))),
      );
    await runInContext(context, async () => {
      const client = await take();
      await expect(take()).rejects.toThrow(AcquireTimeoutError);
      client.release();
      await new Promise(setImmediate);
      (await take()).release();
    });
    const wait = ['wait for a connection', { attributes: { 'xfchat.pool_share': 'other' } }];
    expect(told).toEqual([
      [...wait, { error: undefined }],
      [...wait, { error: 'AcquireTimeoutError' }],
    ]);
    await pool.end();
    await new Promise((resolve) => server.close(resolve));
  });

  it('survives a server that ends a connection during its handover', async () => {
    const server = await serverThatIsGoing();
    const { port } = server.address() as AddressInfo;
    const pool = new DeadlinePool({ host: '127.0.0.1', port, user: 'u', database: 'd', max: 1, ssl: false });
    const client = await new Promise<PoolClient>((resolve, reject) =>
      pool.connect((error, taken) => (taken ? resolve(taken) : reject(error!))),
    );
    const failure: unknown = await client.query('select 1').catch((error: unknown) => error);
    expect(databaseProblem(failure)?.code).toBe('temporarily-unavailable');
    client.release();
    expect(pool.totalCount).toBe(0);
    await pool.end();
    await new Promise((resolve) => server.close(resolve));
  });
});
