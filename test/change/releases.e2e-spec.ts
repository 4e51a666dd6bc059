import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { checkIntegrity } from '../../src/operations/integrity/check-integrity';
import { contentDigests, type ContentDigest } from '../../src/operations/integrity/content-digest';
import { loadConfiguration } from '../../src/platform/configuration/load-configuration';
import { migrationOptions } from '../../src/platform/database/database-options';
import { verifySchema } from '../../src/platform/database/verify-schema';
import { migrate } from '../../src/platform/migrations/migrate';
import { SCHEMA } from '../../src/schema';
import { call } from '../support/api';
import { catalogue } from '../support/catalogue';
import { CHANGED_SCHEMA } from '../support/changed-schema';
import { createTestDatabase, withClient, type TestDatabase } from '../support/databases';
import { Person, signUp } from '../support/people';
import { startTestServer } from '../support/test-server';

const configuration = loadConfiguration({});
const FOLDER = join(__dirname, 'releases');

/** Plain dumps of databases of earlier releases, each with some conversations of ada, ben and cleo. */
const releases = readdirSync(FOLDER).filter((file) => file.endsWith('.sql'));

async function withDataSource<T>(url: string, work: (dataSource: DataSource) => Promise<T>): Promise<T> {
  const dataSource = await new DataSource(migrationOptions(url, configuration, SCHEMA)).initialize();
  try {
    return await work(dataSource);
  } finally {
    await dataSource.destroy();
  }
}

const digests = (url: string): Promise<ContentDigest[]> =>
  withDataSource(url, (dataSource) => contentDigests(dataSource.manager));

describe('a database of an earlier release', () => {
  it.each(releases)('is migrated to the current schema with its data: %s', async (release) => {
    const fresh = await createTestDatabase();
    const database = await createTestDatabase({ empty: true });
    await withClient(database.url, (client) => client.query(readFileSync(join(FOLDER, release), 'utf8')));
    const before = await digests(database.url);
    expect(before.map(({ messages }) => messages).sort()).toEqual([1, 13]);
    const known = await withClient(
      database.url,
      async (client) =>
        (await client.query<{ name: string }>('select name from migrations order by id')).rows,
    );

    const { applied } = await migrate(database.url, configuration, SCHEMA);

    expect([...known.map(({ name }) => name), ...applied]).toEqual(SCHEMA.migrations.map(({ name }) => name));
    expect(await catalogue(database.url)).toEqual(await catalogue(fresh.url));
    expect(await digests(database.url)).toEqual(before);
    await verifySchema(database.url, configuration, SCHEMA);
    expect(await withDataSource(database.url, checkIntegrity)).toEqual([]);
    const ledger = await withClient(
      database.url,
      async (client) =>
        (
          await client.query<{ name: string; adopted: boolean }>(
            `select name, app_version is null as adopted from migration_ledger order by schema_version`,
          )
        ).rows,
    );
    expect(ledger.filter(({ adopted }) => adopted).map(({ name }) => name)).toEqual(
      known.map(({ name }) => name),
    );
    await isServed(database);
    await fresh.drop();
    await database.drop();
  });

  it('is reported as too old before anything is changed', async () => {
    const database = await createTestDatabase({ empty: true });
    const dump = readFileSync(join(FOLDER, releases[0]!), 'utf8');
    await withClient(database.url, (client) => client.query(dump));
    await expect(verifySchema(database.url, configuration, SCHEMA)).rejects.toMatchObject({
      fault: 'schema-too-old',
      message: expect.stringContaining('1764000000006-internal-users'),
    });
    await database.drop();
  });
});

async function isServed(database: TestDatabase): Promise<void> {
  const server = await startTestServer({ database });
  const { status, body } = await call(server.url, 'POST', '/api/v1/auth/login', {
    body: { login: 'ada', password: 'ada has a long password' },
  });
  expect(status).toBe(200);
  const ada = new Person(
    server.url,
    body.user.id,
    'ada',
    body.session.id,
    body.accessToken,
    body.refreshToken,
  );
  const { items } = (await ada.call('GET', '/conversations')).body;
  for (const { id, lastSeq } of items) expect((await ada.send(id, 'after')).seq).toBe(lastSeq + 1);
  await server.close();
}

describe('this release on the schema of the next', () => {
  // Tests G29.
  it('starts, serves and is healthy', async () => {
    const database = await createTestDatabase();
    await migrate(database.url, configuration, CHANGED_SCHEMA);
    await verifySchema(database.url, configuration, SCHEMA);
    const server = await startTestServer({ database });
    const ada = await signUp(server.url);
    const conversationId = await ada.group();
    const socket = await ada.connect();
    const message = await ada.send(conversationId, 'hello');
    await socket.next('message:created', ({ id }) => id === message.id);
    socket.close();
    expect((await call(server.url, 'GET', '/health/ready')).status).toBe(200);
    await server.close();
    await database.drop();
  });
});
