import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '../support/databases';
import { signUp, type Person } from '../support/people';
import { ServerProcess } from '../support/server-process';

const PROGRAM = join(__dirname, '../../dist/cli.js');

describe('maintenance mode of two server processes', () => {
  let database: TestDatabase;
  let servers: ServerProcess[];
  beforeAll(async () => {
    database = await createTestDatabase();
    servers = await Promise.all([start(), start()]);
  }, 120_000);
  afterAll(async () => {
    for (const server of servers) await server.close();
    await database.drop();
  });

  const start = (): Promise<ServerProcess> =>
    ServerProcess.start({
      environment: {
        DATABASE_URL: database.url,
        AUTH_SECRET: 'the-servers-of-a-test-share-this-secret-0123456789',
        CANARY_INTERVAL_MS: '0',
      },
    });
  const maintenance = (command: string) => {
    const { status, stdout } = spawnSync(process.execPath, [PROGRAM, 'maintenance', command, '--json'], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, DATABASE_URL: database.url },
    });
    return { status, ...JSON.parse(stdout) };
  };
  const codesOf = async (person: Person, conversationId: string): Promise<(string | undefined)[]> => {
    const codes = [];
    for (const { url } of servers) {
      Object.assign(person, { url });
      const { body } = await person.call('POST', `/conversations/${conversationId}/messages`, { body: 'x' });
      codes.push(body.code);
    }
    return codes;
  };

  // Tests G27.
  it('applies on both when the command returns, survives kill -9, and ends on both', async () => {
    const ada = await signUp(servers[0]!.url);
    const conversationId = await ada.group();
    expect(await codesOf(ada, conversationId)).toEqual([undefined, undefined]);
    expect(maintenance('on')).toMatchObject({ status: 0, maintenance: true, servers: 2, unaware: 0 });
    expect(await codesOf(ada, conversationId)).toEqual(['maintenance', 'maintenance']);
    expect(maintenance('status')).toMatchObject({ status: 0, maintenance: true });

    servers[1]!.signal('SIGKILL');
    await servers[1]!.close();
    servers[1] = await start();
    expect(await codesOf(ada, conversationId)).toEqual(['maintenance', 'maintenance']);

    expect(maintenance('off')).toMatchObject({ status: 0, maintenance: false, servers: 2, unaware: 0 });
    expect(await codesOf(ada, conversationId)).toEqual([undefined, undefined]);
  }, 180_000);
});
