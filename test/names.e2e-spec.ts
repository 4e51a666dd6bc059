import { randomBytes, randomUUID } from 'node:crypto';
import { hashSync } from '@node-rs/bcrypt';
import { FoldEmails1764000000077 } from '../src/migrations/fold-emails';
import { checkIntegrity } from '../src/operations/integrity/check-integrity';
import { loadConfiguration } from '../src/platform/configuration/load-configuration';
import { migrateUp } from '../src/platform/migrations/migrate';
import { SCHEMA } from '../src/schema';
import { call, type Answer } from './support/api';
import { databaseUrl, withAdministrator, withClient, type TestDatabase } from './support/databases';
import { runImport } from './support/legacy-import';
import { PASSWORD, signUp } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';

/** A database whose `lower()` knows ASCII only. */
async function createDatabaseInLocaleC(): Promise<TestDatabase> {
  const name = `xfchat_t_${randomBytes(6).toString('hex')}`;
  await withAdministrator((client) =>
    client.query(
      `create database ${name} template template0 encoding 'UTF8' locale_provider libc locale 'C'`,
    ),
  );
  const database = {
    url: databaseUrl(name),
    name,
    drop: () =>
      withAdministrator(async (client) => {
        await client.query(`drop database if exists ${name} with (force)`);
      }),
  };
  await migrateUp(database.url, loadConfiguration({}), SCHEMA);
  return database;
}

describe('names in a database with another lower case', () => {
  let database: TestDatabase;
  let server: TestServer;

  beforeAll(async () => {
    database = await createDatabaseInLocaleC();
    await withClient(database.url, async (client) => {
      await client.query(`
        create schema legacy;
        create table legacy.users (id uuid primary key, email text, password_hash text, username text,
          created_at timestamptz)`);
      await client.query(`insert into legacy.users values ($1, 'JÜRGEN@Example.org', $2, 'JÜRGEN', now())`, [
        randomUUID(),
        hashSync(PASSWORD, 4),
      ]);
    });
    await runImport(database.url, { schema: 'legacy' }, { owner: 'jürgen' });
    server = await startTestServer({ database });
  });
  afterAll(async () => {
    await server.close();
    await database.drop();
  });

  const post = (path: string, body: object): Promise<Answer> =>
    call(server.url, 'POST', `/api/v1/auth${path}`, { body });
  const login = (name: string): Promise<Answer> => post('/login', { login: name, password: PASSWORD });
  const SPELLINGS = [
    'jürgen@example.org',
    'JÜRGEN@EXAMPLE.ORG',
    'Ju\u0308rgen@example.org',
    'JU\u0308RGEN@Example.org',
  ];

  it('find the account of an imported user in every spelling', async () => {
    const answers = await Promise.all(SPELLINGS.map(login));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(new Set(answers.map(({ body }) => body.user.id)).size).toBe(1);
  });

  it('cannot be registered by somebody else in any spelling', async () => {
    for (const email of SPELLINGS) {
      const username = `n-${randomBytes(6).toString('hex')}`;
      expect(await post('/register', { username, password: PASSWORD, email })).toMatchObject({
        status: 409,
        body: { code: 'email-taken' },
      });
    }
  });

  describe('that an earlier release stored', () => {
    const store = (id: string, email: string): Promise<unknown> =>
      server.dataSource.query(`update users set email = $2 where id = $1`, [id, email]);
    const emailOf = async (id: string): Promise<string> => {
      const [row] = await server.dataSource.query<[{ email: string }]>(
        `select email from users where id = $1`,
        [id],
      );
      return row.email;
    };
    const mend = async (): Promise<number> => {
      let [cursor, rows] = [null as string | null, 0];
      do {
        const step = await FoldEmails1764000000077.step(server.dataSource, cursor, 2);
        rows += step.rows;
        cursor = step.cursor;
      } while (cursor !== null);
      return rows;
    };

    it('are converted to the form that look-ups use', async () => {
      const people = [await signUp(server.url), await signUp(server.url), await signUp(server.url)];
      const unique = randomBytes(4).toString('hex');
      await store(people[0]!.id, `Übel-${unique}@example.org`.replace('Ü', 'Ü'));
      await store(people[1]!.id, `u\u0308ber-${unique}@example.org`);
      await store(people[2]!.id, `plain-${unique}@example.org`);
      expect(await mend()).toBeGreaterThanOrEqual(4);
      expect(await emailOf(people[0]!.id)).toBe(`übel-${unique}@example.org`);
      expect(await emailOf(people[1]!.id)).toBe(`über-${unique}@example.org`);
      expect(await emailOf(people[2]!.id)).toBe(`plain-${unique}@example.org`);
      expect((await login(`ÜBEL-${unique}@example.org`)).body.user.id).toBe(people[0]!.id);
    });

    it('stay unchanged and are reported when somebody else has the address', async () => {
      const unique = randomBytes(4).toString('hex');
      const first = await signUp(server.url);
      const second = await signUp(server.url, { email: `ärger-${unique}@example.org` });
      await store(first.id, `Ärger-${unique}@example.org`);
      await mend();
      await mend();
      expect(await emailOf(first.id)).toBe(`Ärger-${unique}@example.org`);
      expect((await login(`Ärger-${unique}@example.org`)).body.user.id).toBe(second.id);
      const findings = await checkIntegrity(server.dataSource);
      expect(findings.filter(({ kind }) => kind === 'email-collision')).toEqual([
        { kind: 'email-collision', where: first.id, detail: expect.stringContaining(second.id) },
      ]);
    });
  });
});

describe('a password', () => {
  it('is the same composed and decomposed at registration, sign-in and change', async () => {
    const server = await startTestServer();
    const [composed, decomposed] = ['contrase\u00f1a de Jos\u00e9', 'contrasen\u0303a de Jose\u0301'];
    const ada = await signUp(server.url, { password: decomposed });
    const login = (password: string): Promise<Answer> =>
      call(server.url, 'POST', '/api/v1/auth/login', { body: { login: ada.username, password } });
    expect((await login(composed)).status).toBe(200);
    expect((await login(decomposed)).status).toBe(200);
    expect((await login('contrasena de Jose')).status).toBe(401);
    const change = { currentPassword: composed, newPassword: 'd\u00e9j\u00e0 vu encore' };
    expect((await ada.call('PUT', '/auth/password', change)).status).toBe(204);
    expect((await login('de\u0301ja\u0300 vu encore')).status).toBe(200);
    const name = `n-${randomBytes(6).toString('hex')}`;
    expect(
      (
        await ada.call('PUT', '/auth/password', {
          currentPassword: change.newPassword,
          newPassword: `${ada.username}2026`,
        })
      ).status,
    ).toBe(400);
    expect(
      (
        await call(server.url, 'POST', '/api/v1/auth/register', {
          body: { username: name, password: 'Summer2026!' },
        })
      ).body,
    ).toMatchObject({ code: 'validation-failed', errors: [{ pointer: '/password' }] });
    await server.close();
  });
});
