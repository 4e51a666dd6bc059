import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { createBackup } from '../../src/operations/backups/create-backup';
import { drill } from '../../src/operations/backups/drill';
import { restoreBackup } from '../../src/operations/backups/restore-backup';
import { checkIntegrity } from '../../src/operations/integrity/check-integrity';
import { contentDigests } from '../../src/operations/integrity/content-digest';
import { loadConfiguration } from '../../src/platform/configuration/load-configuration';
import { migrationOptions } from '../../src/platform/database/database-options';
import { SCHEMA } from '../../src/schema';
import { backupBench } from '../support/backup-bench';
import { createTestDatabase, withClient } from '../support/databases';
import { signUpAll, type Person } from '../support/people';
import { startTestServer, type TestServer } from '../support/test-server';
import { until } from '../support/until';

const SENDERS = 4;

interface Acknowledged {
  readonly id: string;
  /** Milliseconds of this machine's clock, which PostgreSQL uses too. */
  readonly at: number;
}

/** People who send, edit and delete until they are stopped. Rejections do not stop them. */
class Load {
  readonly acknowledged: Acknowledged[] = [];
  private isStopped = false;
  private readonly work: Promise<unknown>;

  constructor(people: Person[], conversations: string[]) {
    this.work = Promise.all(people.map((person, index) => this.chat(person, conversations[index % 2]!)));
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.work;
  }

  async grow(by: number): Promise<void> {
    const target = this.acknowledged.length + by;
    await until('more messages', () => this.acknowledged.length >= target, 120_000);
  }

  private async chat(person: Person, conversationId: string): Promise<void> {
    for (let number = 1; !this.isStopped; number++) {
      const id = randomUUID();
      const path = `/conversations/${conversationId}/messages`;
      const { status } = await person.call('POST', path, { id, body: `${number} of ${person.username}` });
      if (status === 201) this.acknowledged.push({ id, at: Date.now() });
      if (number % 5 === 0) await person.call('PUT', `${path}/${id}`, { body: `${number}, edited` });
      if (number % 11 === 0) await person.call('DELETE', `${path}/${id}`);
    }
  }
}

describe('backups under load', () => {
  const bench = backupBench();
  let server: TestServer;
  let load: Load;

  beforeAll(async () => {
    server = await startTestServer();
    const people = await signUpAll(server.url, SENDERS);
    const [first, ...others] = people as [Person, ...Person[]];
    load = new Load(people, [await first.group(...others), await first.group(...others)]);
    await load.grow(50);
  });
  afterAll(async () => {
    await load.stop();
    await server.close();
    bench.remove();
  });

  const messageIds = (url: string): Promise<Set<string>> =>
    withClient(url, async (client) => {
      const { rows } = await client.query<{ id: string }>('select id from chat_messages');
      return new Set(rows.map(({ id }) => id));
    });

  it('contain every message that was acknowledged before they began, and match their own description', async () => {
    const elsewhere = await createTestDatabase({ empty: true });
    const context = bench.context(elsewhere.url);
    for (let round = 1; round <= 3; round++) {
      await load.grow(30);
      const backup = await createBackup(bench.context(server.database.url));
      await load.grow(10);
      const { begunAt, conversations } = backup.manifest;
      const restored = await restoreBackup(context, backup, { force: true, discard: true });
      expect(restored.findings).toEqual([]);
      const held = await messageIds(elsewhere.url);
      const before = load.acknowledged.filter(({ at }) => at < Date.parse(begunAt));
      expect(before.length).toBeGreaterThan(50);
      expect(before.filter(({ id }) => !held.has(id))).toEqual([]);

      const options = migrationOptions(elsewhere.url, loadConfiguration({}), SCHEMA);
      const dataSource = await new DataSource(options).initialize();
      const digests = await contentDigests(dataSource.manager);
      expect(Object.fromEntries(digests.map((entry) => [entry.conversationId, entry.digest]))).toEqual(
        conversations,
      );
      expect(await checkIntegrity(dataSource)).toEqual([]);
      await dataSource.destroy();
    }
    await elsewhere.drop();
  }, 180_000);

  it('are exercised beside the live database without disturbing it', async () => {
    const context = bench.context(server.database.url);
    const backup = await createBackup(context);
    await load.grow(10);
    const exercise = await drill(context);
    expect(exercise).toMatchObject({ ok: true, id: backup.manifest.id });
    expect(exercise.dataAgeSeconds).toBeGreaterThanOrEqual(0);
    expect(exercise.durationMs).toBeGreaterThan(0);
    await load.grow(10);
  }, 120_000);

  it('replace the database while people write; these are notified and continue, and nothing is damaged', async () => {
    const context = bench.context(server.database.url);
    const backup = await createBackup(context);
    await load.grow(20);
    const restored = await restoreBackup(context, backup, { force: true });
    const begun = Date.now();
    expect(restored.disconnected).toBeGreaterThan(0);
    await load.grow(50);
    await load.stop();
    const held = await messageIds(server.database.url);
    const afterwards = load.acknowledged.filter(({ at }) => at > begun);
    expect(afterwards.length).toBeGreaterThan(20);
    expect(afterwards.slice(SENDERS).filter(({ id }) => !held.has(id))).toEqual([]);
    expect(await checkIntegrity(server.dataSource)).toEqual([]);
  }, 180_000);
});
