import { loadConfiguration } from '../../src/platform/configuration/load-configuration';
import { migrate } from '../../src/platform/migrations/migrate';
import { CHANGED_SCHEMA } from '../support/changed-schema';
import { createTestDatabase, withClient } from '../support/databases';
import { fill } from '../support/filled-database';
import { signUpAll, type Person } from '../support/people';
import { startTestServer } from '../support/test-server';
import { until } from '../support/until';

/** A very generous limit; the test prints the real time. */
const LIMIT_MS = 30_000;

describe('a migration while people chat and a long read runs', () => {
  it('gives way until the read is done, and everybody gets answers', async () => {
    const database = await createTestDatabase();
    await fill(database.url, { conversations: 2, messages: 1_000 });
    const server = await startTestServer({ database });
    const people = await signUpAll(server.url, 4);
    const conversationId = await people[0]!.group(...people.slice(1));

    let isLoaded = true;
    const durations: number[] = [];
    const statuses = new Map<number, number>();
    const chat = async (person: Person): Promise<void> => {
      for (let number = 1; isLoaded; number++) {
        for (const [method, path, body] of [
          ['POST', `/conversations/${conversationId}/messages`, { body: `number ${number}` }],
          ['GET', `/conversations/${conversationId}/messages`],
          ['GET', '/users/me'],
        ] as const) {
          const started = performance.now();
          const { status } = await person.call(method, path, body);
          durations.push(performance.now() - started);
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
        }
      }
    };
    const load = Promise.all(people.map(chat));
    await until('some load', () => durations.length > 20);
    const before = durations.length;

    const messages: string[] = [];
    const migrated = await withClient(database.url, async (reader) => {
      await reader.query('begin; select count(*) from users; select count(*) from chat_messages');
      const migrating = migrate(database.url, loadConfiguration({}), CHANGED_SCHEMA, {
        progress: (message) => messages.push(message),
      });
      const retries = (): number => messages.filter((message) => /a lock was not free/.test(message)).length;
      await until('the migration to have given way three times', () => retries() >= 3);
      expect(durations.length).toBeGreaterThan(before);
      await reader.query('rollback');
      return migrating;
    });
    const during = durations.slice(before);
    isLoaded = false;
    await load;

    const worst = Math.max(...during);
    process.stdout.write(
      `${during.length} requests while migrating, the slowest in ${Math.round(worst)} ms; before, in ${Math.round(Math.max(...durations.slice(0, before)))} ms\n`,
    );
    expect(migrated.applied).toHaveLength(4);
    expect([...statuses.keys()].sort()).toEqual([200, 201]);
    expect(worst).toBeLessThan(LIMIT_MS);
    await server.close();
    await database.drop();
  }, 180_000);
});
