import { randomBytes } from 'node:crypto';
import { isWhole, listBackups } from '../src/operations/backups/backup-folder';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createBackup } from '../src/operations/backups/create-backup';
import { drill } from '../src/operations/backups/drill';
import { restoreBackup } from '../src/operations/backups/restore-backup';
import { loadConfiguration } from '../src/platform/configuration/load-configuration';
import { verifySchema } from '../src/platform/database/verify-schema';
import { migrateUp } from '../src/platform/migrations/migrate';
import { SCHEMA } from '../src/schema';
import { backupBench } from './support/backup-bench';
import { databaseUrl, withAdministrator, withClient } from './support/databases';
import { signUp } from './support/people';
import { runCommand } from './support/xfchat-command';
import { startTestServer } from './support/test-server';

/** All privileges and settings of a database. */
const PRIVILEGES = `
  select 'database' as what, (select array_agg(a::text order by a::text) from unnest(datacl) a) as acl from pg_database
    where datname = current_database()
  union all select 'connections', array[datconnlimit::text] from pg_database where datname = current_database()
  union all select 'schema', (select array_agg(a::text order by a::text) from unnest(nspacl) a) from pg_namespace
    where nspname = 'public'
  union all select relname, (select array_agg(a::text order by a::text) from unnest(relacl) a) from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'S')
  union all select oid::regprocedure::text, (select array_agg(a::text order by a::text) from unnest(proacl) a) from pg_proc
    where pronamespace = 'public'::regnamespace
  union all select concat_ws(' ', 'defaults of', defaclobjtype, defaclnamespace::regnamespace), (select array_agg(a::text order by a::text) from unnest(defaclacl) a)
    from pg_default_acl
  union all select 'settings of ' || setrole::regrole::text, setconfig from pg_db_role_setting
    where setdatabase = (select oid from pg_database where datname = current_database())
  order by what`;

describe('a restore with a separate role for the server', () => {
  const suffix = randomBytes(4).toString('hex');
  const [name, owner, app] = [`roles_${suffix}`, `owner_${suffix}`, `app_${suffix}`];
  const as = (user: string): string =>
    Object.assign(new URL(databaseUrl(name)), { username: user }).toString();
  const bench = backupBench();
  const context = () =>
    bench.context(as(app), { isEmbedded: true, environment: { DIRECT_DATABASE_URL: as(owner) } });
  const sql = (user: string, text: string) => withClient(as(user), (client) => client.query(text));
  /** Runs deploy/postgres/grants.sql as psql would. */
  async function prepare(): Promise<void> {
    const text = readFileSync(join(__dirname, '../deploy/postgres/grants.sql'), 'utf8');
    await withClient(as(owner), async (client) => {
      for (const line of text.split('\n').filter((each) => /^\w/.test(each))) {
        const statement = line.replaceAll(':"app"', app).replaceAll(":'app'", `'${app}'`);
        const { rows } = await client.query<{ statement: string }>(statement.replace(' \\gexec', ''));
        for (const row of rows) await client.query(row.statement);
      }
    });
  }
  const privileges = async () =>
    (await sql(owner, PRIVILEGES)).rows as { what: string; acl: string[] | null }[];

  beforeAll(async () => {
    await withAdministrator(async (client) => {
      await client.query(`create role ${owner} login createdb`);
      await client.query(`create role ${app} login`);
      await client.query(`create database ${name} owner ${owner}`);
    });
    await prepare();
    await sql(
      owner,
      `revoke create on schema public from public;
       alter default privileges revoke execute on functions from public;
       alter database ${name} set work_mem = '7MB';
       alter database ${name} set search_path = "$user", public;
       alter database ${name} connection limit 90`,
    );
    await migrateUp(as(owner), loadConfiguration({}), SCHEMA);
    // Privileges that an operator has granted by hand, for example to a reporting role.
    await sql(owner, `revoke delete on users from ${app}; grant delete on users to ${app} with grant option`);
    await withAdministrator((client) =>
      client.query(`alter role ${app} in database ${name} set statement_timeout = '9s'`),
    );
  }, 60_000);
  afterAll(async () => {
    await withAdministrator(async (client) => {
      const { rows } = await client.query<{ datname: string }>(
        'select datname from pg_database where starts_with(datname, $1)',
        [name],
      );
      for (const { datname } of rows) await client.query(`drop database "${datname}" with (force)`);
      await client.query(`drop role if exists ${app}; drop role if exists ${owner}`);
    });
    bench.remove();
  });

  it('transfers privileges and settings, and the server keeps its rights', async () => {
    const database = { url: as(app), name, drop: async () => undefined };
    const environment = { AUTH_SECRET: 'a-secret-of-40-characters-0123456789-xyz' };
    const server = await startTestServer({ database, environment });
    const ada = await signUp(server.url);
    const group = await ada.group();
    const message = await ada.send(group, 'kept');
    const path = `/conversations/${group}/messages/${message.id}`;
    expect((await ada.call('PUT', path, { body: 'kept running', parents: [message.version] })).status).toBe(
      200,
    );
    expect((await ada.call('PUT', `${path}/reactions/${encodeURIComponent('👍')}`)).status).toBe(200);
    expect((await ada.call('PUT', `${path}/pin`)).status).toBe(200);
    expect((await ada.call('GET', '/search/messages?q=runs')).body.items).toHaveLength(1);
    expect((await ada.call('GET', '/search/messages?q=unni')).body.items).toHaveLength(1);
    await server.close();
    const backup = await createBackup(context());
    const before = await privileges();

    await restoreBackup(context(), backup, { confirm: name });

    const settingsOfRole = `settings of ${app}`;
    const isCarried = ({ what }: { what: string }): boolean => what !== settingsOfRole;
    expect((await privileges()).filter(isCarried)).toEqual(before.filter(isCarried));
    // The owner must not change settings of another role, so the operator gets the statement to run.
    const missing = `alter role ${app} in database ${name} set statement_timeout = '9s'`;
    expect(bench.warnings).toEqual([expect.stringContaining(missing)]);
    await withAdministrator((client) => client.query(missing));
    expect(await privileges()).toEqual(before);

    const again = await startTestServer({ database, environment });
    Object.assign(ada, { url: again.url });
    expect((await ada.call('GET', `/conversations/${group}/messages`)).body.items).toMatchObject([
      { body: 'kept running' },
    ]);
    await ada.send(group, 'and written to');
    await again.close();
  }, 60_000);

  it('names the right that a command lacks', async () => {
    const result = runCommand(
      { DATABASE_URL: as(app), BACKUP_DIR: bench.folder },
      'migrate',
      'up',
      '--no-backup',
    );
    expect(result).toMatchObject({ status: 0 });
    await sql(owner, `revoke select on chat_messages from ${app}`);
    const refused = runCommand({ DATABASE_URL: as(app), BACKUP_DIR: bench.folder }, 'backup', 'create');
    await sql(owner, `grant select on chat_messages to ${app}`);
    expect(refused).toMatchObject({
      status: 13,
      stderr: expect.stringMatching(/lacks a privilege: permission denied for table chat_messages/),
    });
  });

  it('is rehearsed by the drill as the role of the server', async () => {
    await createBackup(context());
    expect(await drill(context())).toMatchObject({ ok: true });
    await sql(owner, `revoke insert on chat_messages from ${app}`);
    expect(await drill(context())).toMatchObject({
      ok: false,
      reason: expect.stringMatching(
        /^the user of DATABASE_URL .* lacks privileges: insert on chat_messages/i,
      ),
    });
    await sql(owner, `grant insert on chat_messages to ${app}`);
  }, 60_000);

  it('fills an empty database that was prepared for the two roles', async () => {
    await createBackup(context());
    await withAdministrator(async (client) => {
      await client.query(`drop database ${name} with (force)`);
      await client.query(`create database ${name} owner ${owner}`);
    });
    await prepare();
    const [newest] = (await listBackups(bench.folder)).filter(isWhole);
    await restoreBackup(context(), newest!, {});
    await verifySchema(as(app), loadConfiguration({}), SCHEMA);
  }, 60_000);
});
