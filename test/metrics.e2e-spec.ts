import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageCreated } from '../src/features/messages/messages.events';
import { readDatabaseStatistics } from '../src/observability/monitoring/database-statistics.queries';
import { EventBus } from '../src/platform/events/event-bus';
import { MetricsPort } from '../src/platform/metrics/metrics-port';
import { SCHEMA } from '../src/schema';
import { startServer } from '../src/start';
import { call } from './support/api';
import { createTestDatabase, withAdministrator, withClient, type TestDatabase } from './support/databases';
import { freePort } from './support/free-port';
import {
  dashboards,
  documentedSeries,
  exporterSeries,
  expressionsOf,
  rules,
  sampleNames,
  scrapedSeries,
  seriesIn,
} from './support/monitoring';
import { signUp } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { until } from './support/until';

/** Removes what a test has created, also when it fails: an open server would keep the run from ending. */
const leftovers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const remove of leftovers.splice(0).reverse()) await remove();
});
async function newDatabase(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  leftovers.push(() => database.drop());
  return database;
}
async function newServer(options: Parameters<typeof startTestServer>[0]): Promise<TestServer> {
  const server = await startTestServer(options);
  leftovers.push(() => server.close());
  return server;
}
const folders: string[] = [];
const newFolder = (): string => {
  folders.push(mkdtempSync(join(tmpdir(), 'xfchat-metrics-')));
  return folders.at(-1)!;
};
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

const scrape = async ({ url }: { url: string }): Promise<string> => (await fetch(`${url}/metrics`)).text();
/** The value of a sample, by its name and labels as text; undefined if it is missing. */
async function sample(server: { url: string }, series: string): Promise<number | undefined> {
  const line = (await scrape(server)).split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1).replace('Nan', 'NaN'));
}

describe('the list of metrics', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ environment: { CANARY_INTERVAL_MS: '50' } });
  });
  afterAll(() => server.close());

  it('names exactly the metrics of a running server, with types and labels', async () => {
    const ada = await signUp(server.url);
    const socket = await ada.connect();
    leftovers.push(async () => socket.close());
    await socket.ok('message:send', { conversationId: await ada.group(), body: 'x' });
    await call(server.url, 'POST', '/api/v1/auth/login', { body: { login: 'nobody', password: 'wrong' } });
    await until('the canary to be heard', () => sample(server, 'xfchat_canary_round_trip_seconds'));
    const found = scrapedSeries(await scrape(server));
    const documented = documentedSeries();
    const typesOf = (all: typeof found): string[] => all.map(({ name, type }) => `${type} ${name}`).sort();
    expect(typesOf(found)).toEqual(typesOf(documented));
    const labelsOf = new Map(documented.map(({ name, labels }) => [name, labels]));
    for (const { name, labels } of found.filter(({ labels }) => labels.length > 0))
      expect({ name, labels }).toEqual({ name, labels: labelsOf.get(name) });
    expect(found.filter(({ labels }) => labels.length > 0).length).toBeGreaterThan(20);
  }, 60_000);

  it('has every metric that rules and dashboards read', async () => {
    const known = new Set([
      ...scrapedSeries(await scrape(server)).flatMap(sampleNames),
      ...exporterSeries(),
      ...rules().flatMap(({ record }) => record ?? []),
    ]);
    const expressions = [...rules().map(({ expr }) => expr), ...dashboards().flatMap(expressionsOf)];
    expect(expressions.flatMap(seriesIn).filter((name) => !known.has(name))).toEqual([]);
    expect(expressions.length).toBeGreaterThan(100);
  });

  it('has no label with values that people choose', async () => {
    await new Promise((resolve) =>
      request(`${server.url}/made/up/${Date.now()}`, { method: 'PROPFIND' }, resolve).end(),
    );
    const text = await scrape(server);
    expect(text).toContain('xfchat_http_requests_total{method="other",route="none",status="404"} 1');
    expect(text).not.toMatch(/PROPFIND|made/);
    expect(text).toContain('xfchat_problems_total{transport="http",code="not-found"} 1');
    expect(text).toContain('xfchat_problems_total{transport="http",code="internal"} 0');
  });
});

describe('the pipeline of a message', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  it('is counted by stage, and shows messages that are committed and not yet broadcast', async () => {
    const ada = await signUp(server.url);
    const [conversationId, socket] = [await ada.group(), await ada.connect()];
    leftovers.push(async () => socket.close());
    const events = server.application.get(EventBus);
    let goOn = (): void => undefined;
    const isHeld = new Promise<void>((resolve) => (goOn = resolve));
    let mayFail = false;
    events.on(MessageCreated, () => (mayFail ? Promise.reject(new Error('on purpose')) : isHeld));

    const sending = socket.ok('message:send', { conversationId, body: 'held' });
    await until('it to be committed', () => sample(server, 'xfchat_messages_unbroadcast'));
    expect(await sample(server, 'xfchat_messages_unbroadcast_age_seconds')).toBeGreaterThan(0);
    goOn();
    const { id } = await sending;
    mayFail = true;
    await socket.ok('message:send', { conversationId, body: 'told, though a listener fails' });
    await socket.ok('message:send', { conversationId, id, body: 'held' });
    await socket.command('message:send', { conversationId: id, body: 'to nobody' });

    expect(await sample(server, 'xfchat_messages_unbroadcast')).toBe(0);
    expect(await sample(server, 'xfchat_messages_unbroadcast_age_seconds')).toBe(0);
    for (const [series, value] of Object.entries({
      xfchat_messages_received_total: 4,
      'xfchat_messages_total{outcome="created"}': 2,
      'xfchat_messages_total{outcome="repeated"}': 1,
      'xfchat_messages_total{outcome="conversation-not-found"}': 1,
      xfchat_messages_broadcast_total: 2,
      'xfchat_event_failures_total{event="MessageCreated"}': 1,
      'xfchat_event_failures_total{event="MessageDeleted"}': 0,
      'xfchat_message_stage_duration_seconds_count{stage="queued"}': 4,
      'xfchat_message_stage_duration_seconds_count{stage="stored"}': 4,
      'xfchat_message_stage_duration_seconds_count{stage="broadcast"}': 4,
      xfchat_message_batch_messages_sum: 4,
      'xfchat_problems_total{transport="socket",code="conversation-not-found"}': 1,
      'xfchat_handshakes_total{outcome="ok"}': 1,
      // The rooms of the user, of the session, and of the conversation that existed at the handshake.
      xfchat_rooms: 3,
    }))
      expect({ series, value: await sample(server, series) }).toEqual({ series, value });
  }, 60_000);
});

describe('figures', () => {
  it('count the objects of the schema that are missing or differ', async () => {
    const database = await newDatabase();
    await withClient(database.url, (client) =>
      client.query(`
        alter table users alter created_at drop default;
        drop index sessions_user_idx`),
    );
    const server = await newServer({ database });
    expect(await sample(server, 'xfchat_schema_differences')).toBe(2);
  });

  it('tell of backups, disks, starts and the schema', async () => {
    const database = await newDatabase();
    const [data, backups] = [newFolder(), newFolder()];
    writeFileSync(join(data, 'start-failures'), '3\n');
    for (const [id, verifiedAt] of [
      ['xfchat-20260102T030405678Z-00aaff', undefined],
      ['xfchat-20260101T000000000Z-00aaff', '2026-01-03T00:00:00.000Z'],
      ['xfchat-20251231T000000000Z-00aaff', '2026-01-01T00:00:00.000Z'],
    ] as const) {
      writeFileSync(join(backups, `${id}.json`), 'not looked into');
      if (verifiedAt) writeFileSync(join(backups, `${id}.proof.json`), JSON.stringify({ verifiedAt }));
    }
    await withClient(database.url, (client) =>
      client.query(`update migration_ledger set applied_at = null where name like 'OldPasswordHashes%'`),
    );
    const server = await newServer({ database, environment: { DATA_DIR: data, BACKUP_DIR: backups } });
    const seconds = (time: string): number => Date.parse(time) / 1_000;
    for (const [series, value] of Object.entries({
      xfchat_backup_last_created_timestamp_seconds: seconds('2026-01-02T03:04:05.678Z'),
      xfchat_backup_last_proven_timestamp_seconds: seconds('2026-01-03T00:00:00.000Z'),
      xfchat_start_failures_total: 3,
      xfchat_migrations_pending: 0,
      xfchat_migrations_failed: 1,
      xfchat_schema_fits: 0,
      xfchat_schema_differences: undefined,
      xfchat_schema_version: Number(SCHEMA.migrations.at(-1)!.name.slice(-13)),
      xfchat_db_replication_lag_seconds: undefined,
      xfchat_canary_age_seconds: undefined,
      xfchat_draining: 0,
    }))
      expect({ series, value: await sample(server, series) }).toEqual({ series, value });
    expect(await sample(server, 'xfchat_db_size_bytes')).toBeGreaterThan(1_000_000);
    // It may be a transaction of the server's own, which runs other queries at this moment.
    expect(await sample(server, 'xfchat_db_oldest_transaction_seconds')).toBeLessThan(60);
    for (const folder of ['data', 'backups'])
      expect(await sample(server, `xfchat_disk_free_bytes{folder="${folder}"}`)).toBeLessThanOrEqual(
        (await sample(server, `xfchat_disk_size_bytes{folder="${folder}"}`))!,
      );
  }, 60_000);

  it('know the age of the oldest transaction, except their own', async () => {
    const database = await newDatabase();
    await withClient(database.url, async (client) => {
      const run = {
        query: async <T>(text: string): Promise<T> => (await client.query(text)).rows as T,
      };
      await client.query('begin');
      expect((await readDatabaseStatistics(run)).oldestTransactionSeconds).toBe(0);
      await withClient(database.url, async (other) => {
        await other.query('begin');
        await client.query('commit');
        expect((await readDatabaseStatistics(run)).oldestTransactionSeconds).toBeGreaterThan(0);
      });
    });
  });

  it('know the lag of a replica, and do not count a base backup as one', async () => {
    const database = await newDatabase();
    await withClient(database.url, async (client) => {
      const run = {
        query: async <T>(text: string): Promise<T> => (await client.query(text)).rows as T,
      };
      expect((await readDatabaseStatistics(run)).replicationLagSeconds).toBeUndefined();
      await client.query(`create schema stage`);
      await client.query(`create view stage.pg_stat_replication as select * from (values
        ('streaming', interval '2 seconds'), ('catchup', interval '90 seconds'), ('streaming', null),
        ('backup', interval '1 hour'), (null, interval '1 hour')) as r (state, replay_lag)`);
      await client.query(`set search_path = stage, pg_catalog, public`);
      expect((await readDatabaseStatistics(run)).replicationLagSeconds).toBe(90);
    });
  });

  it('count failed connections, and report that the database is down', async () => {
    const database = await newDatabase();
    const server = await newServer({ database });
    expect(await sample(server, 'xfchat_db_up')).toBe(1);
    const failures = 'xfchat_db_connection_failures_total{source="monitor",reason="unreachable"}';
    expect(await sample(server, failures)).toBe(0);
    const allow = (isAllowed: boolean): Promise<unknown> =>
      withAdministrator((client) =>
        client.query(`alter database ${database.name} allow_connections ${isAllowed}`),
      );
    await allow(false);
    await withAdministrator((client) =>
      client.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = $1`, [
        database.name,
      ]),
    );
    await until('failures to be counted', () => sample(server, failures));
    expect(await sample(server, 'xfchat_db_up')).toBe(0);
    expect(await sample(server, 'xfchat_db_ping_seconds')).toBeNaN();
    await allow(true);
    await until('the database to be up', () => sample(server, 'xfchat_db_up'));
  }, 60_000);

  it('record a failed start for the next one', async () => {
    const folder = newFolder();
    for (const count of ['1\n', '2\n']) {
      await expect(
        startServer({
          DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing',
          DATABASE_START_TIMEOUT_MS: '0',
          DATA_DIR: folder,
          LOG_LEVEL: 'fatal',
        }),
      ).rejects.toThrow(/did not answer/);
      expect(readFileSync(join(folder, 'start-failures'), 'utf8')).toBe(count);
    }
  });
});

describe('a separate port for metrics', () => {
  const status = async (url: string, token?: string): Promise<number> => {
    const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
    const response = await fetch(url, { headers });
    await response.arrayBuffer();
    return response.status;
  };

  it('serves the metrics instead of the main port, and nothing else', async () => {
    const port = await freePort();
    const server = await newServer({
      environment: { METRICS_PORT: String(port), METRICS_TOKEN: 'for-prometheus', HOST: '127.0.0.1' },
    });
    const own = `http://127.0.0.1:${port}`;
    await server.application.get(MetricsPort).listen();
    expect(await status(`${own}/metrics`, 'for-prometheus')).toBe(200);
    expect(await status(`${own}/metrics`)).toBe(401);
    expect(await status(`${own}/metrics`, 'for-prometheuz')).toBe(401);
    expect(await status(`${own}/health`, 'for-prometheus')).toBe(404);
    expect((await call(server.url, 'GET', '/metrics', { token: 'for-prometheus' })).status).toBe(404);
    await expect(server.application.get(MetricsPort).listen()).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await leftovers.pop()!();
    await expect(fetch(`${own}/metrics`)).rejects.toThrow();
  }, 60_000);
});
