import { EXIT_CODES, type DatabaseFault } from '../../src/platform/database/unusable-database';
import { SCHEMA } from '../../src/schema';
import { call } from '../support/api';
import { ENVIRONMENT, RECOVERED_WITHIN_MS } from '../support/fault-bench';
import { record } from '../support/fault-matrix';
import { FaultProxy } from '../support/fault-proxy';
import { signUp } from '../support/people';
import { PostgresController, ROLE } from '../support/postgres-controller';
import { ServerProcess } from '../support/server-process';
import { until } from '../support/until';

/** The migration that an older schema lacks. */
const NEWEST = SCHEMA.migrations.at(-1)!.name;
const IMPATIENT = { ...ENVIRONMENT, CANARY_INTERVAL_MS: '0', DATABASE_START_TIMEOUT_MS: '700' };

describe('the start of a server', () => {
  let postgres: PostgresController;
  beforeAll(async () => {
    postgres = await PostgresController.create();
  }, 60_000);
  afterAll(() => postgres.stop());

  const start = (environment: Record<string, string> = {}): ServerProcess =>
    ServerProcess.spawn({ environment: { ...IMPATIENT, DATABASE_URL: postgres.url(), ...environment } });

  it('F35: waits for a database that appears later', async () => {
    const proxy = await FaultProxy.inFrontOf(postgres.url());
    proxy.set('refuse');
    const server = start({ DATABASE_URL: proxy.url, DATABASE_START_TIMEOUT_MS: '60000' });
    await until('three tries', () => (server.log.match(/Retrying/g)?.length ?? 0) >= 3, 30_000);
    expect(server.serves).toBe(false);
    proxy.set('pass');
    const appeared = performance.now();
    await until('the server to serve', () => server.serves || server.hasEnded, 30_000);
    const recoveryMs = performance.now() - appeared;
    const ada = await signUp(server.url);
    const conversationId = await ada.group();
    const { id } = await ada.send(conversationId, 'after all');
    const stored = await postgres.query(`select from chat_messages where id = '${id}'`);
    const ready = (await call(server.url, 'GET', '/health/ready')).status;
    record('F35', {
      bitten: ['it does not serve'],
      live: (await call(server.url, 'GET', '/health/live')).status === 200 ? 'green' : 'red',
      ready: [ready === 200 ? 'green' : 'red'],
      acknowledged: 1,
      lost: 1 - stored.length,
      twice: 0,
      recoveryMs,
      isSameProcess: !server.hasEnded,
    });
    expect(stored).toHaveLength(1);
    expect(recoveryMs).toBeLessThanOrEqual(RECOVERED_WITHIN_MS);
    await server.close();
    await proxy.close();
  });

  interface Case {
    readonly fault: DatabaseFault;
    readonly text: RegExp;
    environment?(): Record<string, string>;
    /** Runs a statement in the database as administrator. */
    readonly before?: string;
    readonly after?: string;
  }

  /** Removes this migration from the ledger of the database, and restores it afterwards. */
  const withoutMigration = (name: string): { before: string; after: string } => ({
    before: ['migrations', 'migration_ledger']
      .map(
        (table) =>
          `create table kept_${table} as select * from ${table} where name like '${name}'; delete from ${table} where name like '${name}'`,
      )
      .join('; '),
    after: ['migrations', 'migration_ledger']
      .map((table) => `insert into ${table} select * from kept_${table}; drop table kept_${table}`)
      .join('; '),
  });

  const cases: Record<string, Case> = {
    'that never appears': {
      fault: 'never-appeared',
      text: /did not answer \(ECONNREFUSED\)\. Start it, or correct DATABASE_URL/,
      environment: () => ({ DATABASE_URL: postgres.url().replace(/:\d+\//, ':9/') }),
    },
    'with another password': {
      fault: 'login-refused',
      text: /rejects the user name or password of DATABASE_URL/,
      environment: () => ({ DATABASE_URL: postgres.url({ password: 'not this one' }) }),
    },
    'with another user': {
      fault: 'login-refused',
      text: /rejects the user name or password of DATABASE_URL/,
      environment: () => ({ DATABASE_URL: postgres.url({ user: 'nobody' }) }),
    },
    'of another name': {
      fault: 'no-such-database',
      text: /does not exist/,
      environment: () => ({ DATABASE_URL: postgres.url({ database: 'nowhere' }) }),
    },
    'that one may not connect to': {
      fault: 'right-missing',
      text: /may not connect/,
      before: `create database closed; revoke connect on database closed from public`,
      environment: () => ({ DATABASE_URL: postgres.url({ database: 'closed' }) }),
    },
    'whose schema one may not use': {
      fault: 'right-missing',
      text: /may not use the schema "public"/,
      before: `alter schema public owner to xfchat; revoke usage on schema public from public, ${ROLE}`,
      after: `grant usage on schema public to public; alter schema public owner to ${ROLE}`,
    },
    'whose schema one may not change': {
      fault: 'right-missing',
      text: /may not change the schema/,
      before: `create database bare; grant connect on database bare to public`,
      environment: () => ({ DATABASE_URL: postgres.url({ database: 'bare' }) }),
    },
    'without the right to a table': {
      fault: 'right-missing',
      text: /lacks privileges: insert on chat_messages, update on users/,
      before: `revoke insert on chat_messages from ${ROLE}; revoke update on users from ${ROLE}`,
      after: `grant insert on chat_messages to ${ROLE}; grant update on users to ${ROLE}`,
    },
    'without the right to a sequence': {
      fault: 'right-missing',
      text: /lacks privileges: update on list_positions, usage on list_positions/,
      before: `alter sequence list_positions owner to xfchat; revoke all on sequence list_positions from ${ROLE}`,
      after: `alter sequence list_positions owner to ${ROLE}`,
      environment: () => ({ MIGRATE_ON_START: 'false' }),
    },
    'whose ledger one may not read': {
      fault: 'right-missing',
      text: /lacks privileges: permission denied for table migration_ledger. Grant them/,
      before: `alter table migration_ledger owner to xfchat; revoke all on migration_ledger from ${ROLE}`,
      after: `alter table migration_ledger owner to ${ROLE}`,
      environment: () => ({ MIGRATE_ON_START: 'false' }),
    },
    'that forgets what it acknowledges': {
      fault: 'not-durable',
      text: /turn synchronous_commit on/,
      before: `alter role ${ROLE} set synchronous_commit = off`,
      after: `alter role ${ROLE} reset synchronous_commit`,
      environment: () => ({ NODE_ENV: 'production' }),
    },
    'that takes no writes': {
      fault: 'read-only',
      text: /accepts no writes .*Promote it/,
      before: `alter role ${ROLE} set default_transaction_read_only = on`,
      after: `alter role ${ROLE} reset default_transaction_read_only`,
    },
    'with an older schema': {
      fault: 'schema-too-old',
      text: new RegExp(`lacks migrations: ${NEWEST.slice(-13)}-.*Run \`npx xfchat migrate up\``),
      ...withoutMigration(NEWEST),
      environment: () => ({ MIGRATE_ON_START: 'false' }),
    },
    'whose migration was edited': {
      fault: 'migration-edited',
      text: /edited after they had been applied: 1764000000008-unread-indexes/,
      before: `update migration_ledger set checksum = reverse(checksum) where name like 'UnreadIndexes%'`,
      after: `update migration_ledger set checksum = reverse(checksum) where name like 'UnreadIndexes%'`,
    },
    'with a migration that is missing': {
      fault: 'migration-missing',
      text: /missing from this program: 1764000000005-gone/,
      before: `insert into migration_ledger values ('Gone1764000000005', '-', 1764000000005, 1764000000000, '0', 1, now())`,
      after: `delete from migration_ledger where name like 'Gone%'`,
    },
    'whose migrations are out of order': {
      fault: 'migration-out-of-order',
      text: /older than migrations that the database already has: 1764000000006-internal-users/,
      ...withoutMigration('InternalUsers%'),
    },
    'with a migration that was not finished': {
      fault: 'migration-half-applied',
      text: /started and not finished: 1764000000008-unread-indexes/,
      before: `update migration_ledger set applied_at = null where name like 'UnreadIndexes%'`,
      after: `update migration_ledger set applied_at = now() where name like 'UnreadIndexes%'`,
      environment: () => ({ MIGRATE_ON_START: 'false' }),
    },
    'with a newer schema': {
      fault: 'schema-too-new',
      text: /does not know: 9999999999999-from-the-future/,
      before: `insert into migrations (timestamp, name) values (9999999999999, 'FromTheFuture9999999999999')`,
      after: `delete from migrations where name like 'FromTheFuture%'`,
    },
    'without an index': {
      fault: 'schema-damaged',
      text: /not complete: index chat_messages_sender_idx.*`npx xfchat check` shows the definition/,
      before: `drop index chat_messages_sender_idx`,
      after: `create index chat_messages_sender_idx on chat_messages (sender_id)`,
    },
    'without a function': {
      fault: 'schema-damaged',
      text: /not complete: function append_messages/,
      before: `alter function append_messages rename to gone`,
      after: `alter function gone rename to append_messages`,
    },
    'with a constraint that was never validated': {
      fault: 'schema-damaged',
      text: /not complete: invalid constraint users_email_check/,
      before: `alter table users drop constraint users_email_check,
        add constraint users_email_check check (email = lower(email)) not valid`,
      after: `alter table users validate constraint users_email_check`,
    },
    'with too few connections': {
      fault: 'too-few-connections',
      text: /lets this user open 5 connections, and this instance alone needs 12/,
      before: `alter role ${ROLE} connection limit 5`,
      after: `alter role ${ROLE} connection limit -1`,
    },
  };

  it.each(Object.entries(cases))('rejects a database %s with its own message', async (_name, each) => {
    const { fault, text, environment, before, after } = each;
    for (const statement of before?.split('; ') ?? []) await postgres.query(statement);
    try {
      const server = start(environment?.());
      expect(await server.ended()).toBe(EXIT_CODES[fault]);
      expect(server.log).toMatch(text);
      expect(server.serves).toBe(false);
      await server.close();
    } finally {
      for (const statement of after?.split('; ') ?? []) await postgres.query(statement);
    }
  });

  it('rejects a PostgreSQL that is too old', async () => {
    const proxy = await FaultProxy.inFrontOf(postgres.url());
    const version = String((await postgres.query('show server_version_num'))[0]!.server_version_num);
    proxy.rewrite = (data) => Buffer.from(data.toString('latin1').replaceAll(version, '140011'), 'latin1');
    const server = start({ DATABASE_URL: proxy.url });
    expect(await server.ended()).toBe(EXIT_CODES['version-too-old']);
    expect(server.log).toContain('PostgreSQL 14 is too old: XFChat needs version 15 or newer');
    await server.close();
    await proxy.close();
  });

  it('accepts a repaired database, and warns when it has too few connections for several processes', async () => {
    const server = start({ INSTANCES: '20' });
    await until('the server to serve', () => server.serves || server.hasEnded, 90_000);
    expect((await call(server.url, 'GET', '/health/ready')).status).toBe(200);
    expect(server.log).toMatch(/20 instances with 12 connections each may need more than the \d+/);
    await server.close();
  }, 120_000);
});
