import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call } from '../support/api';
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '../../src/platform/embedded-postgres/embedded-postgres';
import { withClient } from '../support/databases';
import { freePort } from '../support/free-port';
import { PASSWORD, signUp, signUpAll, type Person } from '../support/people';
import { ServerProcess } from '../support/server-process';
import type { TestSocket } from '../support/test-socket';
import { until } from '../support/until';
import { connectTo, workersOf } from '../support/workers';

jest.setTimeout(120_000);

const ENVIRONMENT = {
  WORKERS: '2',
  NODE_ENV: 'production',
  AUTH_SECRET: 'the-workers-of-a-test-share-this-secret-0123456789',
  MIGRATE_ON_START: 'true',
  CONTACT_POLICY: 'open',
  DRAIN_DELAY_MS: '0',
  METRICS_TOKEN: 'for-the-metrics',
};

/** Production rejects the databases of other tests, which are not durable. Its log is JSON. */
let postgres: EmbeddedPostgres;
let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'xfchat-workers-'));
  postgres = await startEmbeddedPostgres({ directory: join(directory, 'postgres') });
});
afterAll(async () => {
  await postgres.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function newDatabase(name: string): Promise<string> {
  await withClient(postgres.url('postgres'), (client) => client.query(`create database ${name}`));
  return postgres.url(name);
}

describe('two workers', () => {
  let server: ServerProcess;
  let proxy: Server;
  let ada: Person;
  let ben: Person;
  let group: string;
  const sockets: TestSocket[] = [];

  beforeAll(async () => {
    const DATABASE_URL = await newDatabase('two_workers');
    server = await ServerProcess.start({ environment: { ...ENVIRONMENT, DATABASE_URL } });
    proxy = await keepAliveProxy(new URL(server.url).port);
  });
  afterAll(async () => {
    proxy?.closeAllConnections();
    proxy?.close();
    await server?.close();
  });
  beforeEach(async () => {
    [ada, ben] = (await signUpAll(server.url, 2)) as [Person, Person];
    group = await ada.group(ben);
  });
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.close();
  });

  const kept = (socket: TestSocket): TestSocket => (sockets.push(socket), socket);
  const on = async (number: number, person: Person, options = {}): Promise<TestSocket> =>
    kept(await connectTo(number, person, options));
  const seqs = (socket: TestSocket): number[] =>
    socket
      .payloads('message:created')
      .filter(({ conversationId }) => conversationId === group)
      .map(({ seq }) => seq);
  const numbersTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
  const metrics = async (): Promise<string> => {
    const headers = { authorization: 'Bearer for-the-metrics' };
    return (await fetch(`${server.url}/metrics`, { headers })).text();
  };

  // Tests G3 and G5.
  it('serve on one port, and deliver every message to all clients once and in order', async () => {
    const all = [await on(1, ada), await on(2, ada), await on(1, ben), await on(2, ben)];
    const each = 30;
    await Promise.all(
      all.map(async (sender, index) => {
        for (let number = 0; number < each; number++)
          await sender.ok('message:send', { conversationId: group, body: `${index} ${number}` });
      }),
    );
    for (const socket of all) {
      await until('everything', () => seqs(socket).length >= 4 * each);
      expect(seqs(socket)).toEqual(numbersTo(4 * each));
    }
  });

  // Tests G6.
  it('acknowledge a removal once both have applied it', async () => {
    const [bens, adas] = [await on(2, ben), await on(1, ada)];
    expect((await ada.call('DELETE', `/conversations/${group}/participants/${ben.id}`)).status).toBe(204);
    await adas.ok('message:send', { conversationId: group, body: 'not for him' });
    await bens.next('conversation:removed');
    expect(seqs(bens)).toEqual([]);
  });

  it('serve each other’s long-polling sessions on one shared connection', async () => {
    const connections = new Map<number, Agent>();
    const sessions = new Map<number, string>();
    while (sessions.size < 2) {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const { body } = await poll(agent);
      const { sid } = JSON.parse(body.slice(1)) as { sid: string };
      const number = Number(/^w(\d)-/.exec(sid)![1]);
      connections.set(number, agent);
      sessions.set(number, sid);
    }
    for (const [connection, session] of [
      [1, 2],
      [2, 1],
    ] as const) {
      const [agent, sid] = [connections.get(connection)!, sessions.get(session)!];
      const opened = await poll(agent, sid, `40${JSON.stringify({ token: ada.accessToken })}`);
      expect(opened).toEqual({ status: 200, body: 'ok' });
      await until('the socket to be ready', async () => (await poll(agent, sid)).body.includes('"ready"'));
    }
    const unknown = await poll(connections.get(1)!, `w2-${'A'.repeat(20)}`);
    expect(unknown).toEqual({ status: 400, body: '{"code":1,"message":"Session ID unknown"}' });
    for (const agent of connections.values()) agent.destroy();
  });

  /** Sends a request of a session over the agent's one connection. */
  function poll(agent: Agent, sid?: string, packet?: string): Promise<{ status: number; body: string }> {
    const session = sid === undefined ? '' : `&sid=${sid}`;
    return new Promise((resolve, reject) => {
      const request = httpRequest(
        `${server.url}/socket.io/?EIO=4&transport=polling${session}`,
        { agent, method: packet === undefined ? 'GET' : 'POST', headers: { 'content-type': 'text/plain' } },
        (response) => {
          let body = '';
          response.on('data', (data: Buffer) => (body += data.toString()));
          response.on('end', () => resolve({ status: response.statusCode!, body }));
        },
      );
      request.on('error', reject);
      request.end(packet);
    });
  }

  it.each([
    ['long polling', ['polling'], 'polling'],
    ['an upgrade from it', ['polling', 'websocket'], 'websocket'],
  ])('act as one server behind a proxy that keeps connections, with %s', async (_name, transports, final) => {
    const { port } = proxy.address() as AddressInfo;
    const through = ada.at(`http://127.0.0.1:${port}`);
    const listeners = [];
    for (const number of [1, 2, 1, 2]) listeners.push(await on(number, through, { transports }));
    const transportOf = ({ socket }: TestSocket): string => socket.io.engine.transport.name;
    for (const listener of listeners) await until(final, () => transportOf(listener) === final);
    for (let number = 0; number < 10; number++)
      for (const [index, sender] of listeners.entries())
        await sender.ok('message:send', { conversationId: group, body: `${index} ${number}` });
    for (const listener of listeners) {
      await until('everything', () => seqs(listener).length >= 40);
      expect(seqs(listener)).toEqual(numbersTo(40));
      expect(listener.disconnectReason).toBeUndefined();
    }
  });

  it('have one page of metrics, whose series name their worker', async () => {
    await Promise.all([on(1, ada), on(2, ben)]);
    const page = await metrics();
    for (const worker of ['1', '2']) {
      expect(page).toMatch(new RegExp(`^xfchat_http_requests_total{.*worker="${worker}"} \\d+$`, 'm'));
      expect(page).toMatch(
        new RegExp(`^xfchat_db_query_duration_seconds_bucket{.*worker="${worker}"} \\d+$`, 'm'),
      );
      expect(page).toContain(`xfchat_worker_serving{worker="${worker}"} 1`);
    }
    expect(page).toContain('process_cpu_seconds_total{worker="primary"}');
    const samples = page.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(samples.filter((line) => !line.includes('worker="'))).toEqual([]);
    const names = page.split('\n').filter((line) => line.startsWith('# TYPE'));
    expect(names).toEqual([...new Set(names)]);
    // One worker reads the values that are the same for both.
    expect(page.match(/^xfchat_db_size_bytes{.*$/gm)).toEqual([expect.stringContaining('worker="1"')]);
  });

  it('write one log of whole JSON lines, each with its worker', async () => {
    await Promise.all(numbersTo(200).map((number) => ada.send(group, `${number}`)));
    const lines = server.log.split('\n').filter((line) => line.startsWith('{'));
    const workers = new Set(lines.map((line) => (JSON.parse(line) as { worker?: number }).worker));
    expect(workers).toEqual(new Set([undefined, 1, 2])); // undefined: the primary
    const others = server.log.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
    expect(others).toEqual([expect.stringMatching(/^XFChat serves at http/)]);
  });

  // Tests G1 and G3.
  it('lose no acknowledged message when one is killed under load, which is replaced', async () => {
    const [adas, bens] = [await on(1, ada), await on(2, ben)];
    const acknowledged = new Map<string, number>();
    let isLoaded = true;
    const load = [ada, ada, ben, ben].map(async (sender) => {
      while (isLoaded) {
        const id = randomUUID();
        for (let isDone = false; !isDone;) {
          const answer = await sender
            .call('POST', `/conversations/${group}/messages`, { id, body: id })
            .catch(() => undefined);
          if (answer === undefined) continue; // the connection broke; retry with the same id
          isDone = answer.status === 201 || answer.status === 200;
          if (isDone) acknowledged.set(id, answer.body.seq);
        }
      }
    });
    const before = workersOf(server);
    for (const number of [1, 2]) {
      const target = acknowledged.size + 50;
      await until('some load', () => acknowledged.size > target);
      process.kill(workersOf(server).get(number)!, 'SIGKILL');
      await until(
        'another one',
        () => ![undefined, before.get(number)].includes(workersOf(server).get(number)),
      );
      await until('it to serve', async () =>
        (await metrics().catch(() => '')).includes(`xfchat_worker_serving{worker="${number}"} 1`),
      );
      if (number === 1) expect(bens.disconnectReason).toBeUndefined();
    }
    isLoaded = false;
    await Promise.all(load);
    await Promise.all([adas.disconnected(), bens.disconnected()]);
    const again = await on(1, ada);
    const { changes } = await again.ok('conversation:sync', {
      cursors: [{ conversationId: group, seq: 0, rev: 0 }],
    });
    const { seq } = changes[0].head as { seq: number };
    const stored = new Map<string, number>();
    for (let after = 0; after < seq; after += 200) {
      const page = await ada.call('GET', `/conversations/${group}/messages?after=${after}&limit=200`);
      for (const message of page.body.items) stored.set(message.id, message.seq);
    }
    expect(stored.size).toBe(seq);
    for (const [id, at] of acknowledged) expect([id, stored.get(id)]).toEqual([id, at]);
    expect(await metrics()).toMatch(/^xfchat_worker_replacements_total{worker="1"} 1$/m);
  });

  it('report a hanging one in readiness and metrics, and replace it', async () => {
    const frozen = workersOf(server).get(2)!;
    process.kill(frozen, 'SIGSTOP');
    // The primary may give it one more connection before it uses only the other one.
    const ask = async (path: string): Promise<Response | undefined> =>
      fetch(`${server.url}${path}`, {
        headers: { connection: 'close', authorization: 'Bearer for-the-metrics' },
        signal: AbortSignal.timeout(5_000),
      }).catch(() => undefined);
    await until('readiness to be red', async () => {
      const answer = await ask('/health/ready');
      return answer?.status === 503 && (await answer.text()).includes('not-answering');
    });
    expect((await ask('/health/live'))?.status).toBe(200);
    await until('the page of the other', async () =>
      (await (await ask('/metrics'))?.text())?.includes('xfchat_worker_serving{worker="2"} 0'),
    );
    await until('another one', () => ![undefined, frozen].includes(workersOf(server).get(2)));
    await until('readiness', async () => (await ask('/health/ready'))?.status === 200);
    expect(server.log).toContain('a worker does not answer and is killed');
  });
});

/** Acts as a reverse proxy: requests of all clients share a few connections. Each upgrade gets its own. */
async function keepAliveProxy(port: string): Promise<Server> {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 4, scheduling: 'fifo' });
  const proxy = createServer((request, response) => {
    const { method, url: path, headers } = request;
    const passed = httpRequest({ host: '127.0.0.1', port, agent, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    passed.on('error', () => response.destroy());
    response.on('close', () => response.writableFinished || passed.destroy());
    request.pipe(passed);
  });
  proxy.on('upgrade', ({ method, url: path, headers }, client) => {
    const passed = httpRequest({ host: '127.0.0.1', port, method, path, headers });
    passed.on('upgrade', (answer, upstream) => {
      const lines = Object.entries(answer.headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
      client.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`);
      upstream.pipe(client).pipe(upstream);
      for (const stream of [upstream, client]) stream.on('error', () => undefined);
    });
    passed.on('error', () => client.destroy());
    passed.end();
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return proxy;
}

describe('a command with workers', () => {
  let databaseUrl: string;
  const servers: ServerProcess[] = [];

  beforeAll(async () => {
    databaseUrl = await newDatabase('a_command');
  });
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  async function start(environment: Record<string, string> = {}, options = {}): Promise<ServerProcess> {
    const server = await ServerProcess.start({
      environment: { ...ENVIRONMENT, DATABASE_URL: databaseUrl, ...environment },
      directory,
      ...options,
    });
    servers.push(server);
    return server;
  }
  const count = ({ log }: ServerProcess, text: string): number => log.split(text).length - 1;

  it('drains once when signals reach the whole group twice, answers open requests, and exits with 0', async () => {
    const server = await start({ DRAIN_DELAY_MS: '500' }, { isGroup: true });
    const ada = await signUp(server.url);
    const group = await ada.group();
    const sockets = [await connectTo(1, ada), await connectTo(2, ada)];
    server.signalGroup('SIGINT');
    await until('the drain', () => count(server, '"msg":"draining"') === 2);
    server.signalGroup('SIGTERM');
    // During the delay, everything is served as usual.
    const answers = await Promise.all([1, 2, 3, 4].map((number) => ada.send(group, `${number}`)));
    expect(answers.map(({ seq }) => seq as number).sort()).toEqual([1, 2, 3, 4]);
    expect(await server.ended()).toBe(0);
    for (const socket of sockets) {
      await socket.disconnected();
      expect(socket.payloads('server:draining')).toHaveLength(1);
      expect(socket.payloads('message:created')).toHaveLength(4);
    }
    expect([count(server, '"msg":"stopping"'), count(server, '"msg":"draining"')]).toEqual([1, 2]);
    expect(count(server, '"msg":"a worker ended"')).toBe(0);
  });

  it('has the metrics of all its workers on a port of their own', async () => {
    const METRICS_PORT = String(await freePort());
    const server = await start({ METRICS_PORT });
    const headers = { authorization: 'Bearer for-the-metrics' };
    const page = await (await fetch(`http://127.0.0.1:${METRICS_PORT}/metrics`, { headers })).text();
    for (const worker of ['1', '2']) expect(page).toContain(`xfchat_worker_serving{worker="${worker}"} 1`);
    expect((await fetch(`${server.url}/metrics`, { headers })).status).toBe(404);
  });

  // Tests G31.
  it('counts wrong passwords once for all workers', async () => {
    const server = await start({ RATE_LIMITS: 'on' });
    const ada = await signUp(server.url);
    const login = { login: ada.username, password: `not ${PASSWORD}` };
    const guesses = await Promise.all(
      Array.from({ length: 40 }, () => call(server.url, 'POST', '/api/v1/auth/login', { body: login })),
    );
    expect(guesses.filter(({ status }) => status === 401)).toHaveLength(10);
    expect(guesses.filter(({ status }) => status === 429)).toHaveLength(30);
  });

  it('keeps the secrets of its start, also in a replaced worker after the files have changed', async () => {
    const file = join(directory, 'auth-secret-of-a-test');
    writeFileSync(file, ENVIRONMENT.AUTH_SECRET);
    const server = await start({ AUTH_SECRET: '', AUTH_SECRET_FILE: file });
    const ada = await signUp(server.url);
    writeFileSync(file, 'the-secret-of-the-next-start-0123456789-abcdefgh');
    const worker = workersOf(server).get(1)!;
    process.kill(worker, 'SIGKILL');
    await until('its replacement', () => server.log.includes('a worker was replaced'));
    for (const number of [1, 2]) (await connectTo(number, ada)).close();
  });

  it('ends with 1 when a worker ends again and again, so that its supervisor notices', async () => {
    const [marker, script] = [join(directory, 'crash'), join(directory, 'crash.cjs')];
    writeFileSync(
      script,
      `if (process.env.XFCHAT_WORKER === '2' && require('node:fs').existsSync(${JSON.stringify(marker)})) process.exit(7);`,
    );
    const server = await start({}, { nodeOptions: ['--require', script] });
    writeFileSync(marker, '');
    process.kill(workersOf(server).get(2)!, 'SIGKILL');
    expect(await server.ended()).toBe(1);
    expect(server.log).toContain('Worker 2 ends repeatedly (7).');
    expect(count(server, '"msg":"a worker ended"')).toBe(5);
    expect(count(server, '"msg":"draining"')).toBe(1); // the primary was not killed
    rmSync(marker);
  });

  it('reports once why its workers cannot start', async () => {
    const first = await start();
    const second = ServerProcess.spawn({
      environment: { ...ENVIRONMENT, DATABASE_URL: databaseUrl, PORT: new URL(first.url).port },
      directory,
    });
    expect(await second.ended()).toBe(1);
    expect(count(second, 'is in use. Stop what uses it')).toBe(1);
    const port = String(await freePort());
    const wrong = ServerProcess.spawn({
      environment: { ...ENVIRONMENT, WORKERS: 'many', PORT: port },
      directory,
    });
    expect(await wrong.ended()).toBe(1);
    expect(wrong.log).toContain('WORKERS must be a number or auto');
  });

  it('leaves no worker behind when it is killed, and the next start cleans up', async () => {
    const data = join(directory, 'embedded');
    const environment = {
      WORKERS: '2',
      DATA_DIR: data,
      CONTACT_POLICY: 'open',
      PORT: String(await freePort()),
    };
    const first = await ServerProcess.start({ environment, directory });
    const workers = [...workersOf(first).values()];
    const ada = await signUp(first.url);
    const group = await ada.group();
    await ada.send(group, 'before');
    first.signal('SIGKILL');
    const isRunning = (pid: number): boolean => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    };
    await until('the workers to end', () => !workers.some(isRunning));
    const second = await ServerProcess.start({ environment, directory });
    servers.push(second);
    expect((await ada.send(group, 'after')).seq).toBe(2);
  });
});
