import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { buildProgram } from '../src/program';
import { createTestDatabase, withClient, type TestDatabase } from './support/databases';
import { outputOf } from './support/xfchat-command';

/** All characters that control a terminal, and a very long text of them. */
const AWKWARD = `\u001b[2J\u001b]0;title\u0007\u007f\u009b31m\u009d\u202eevil\u2066\u200b\u2028\ufeff\u{e0041}\r\nroot ok `;
const HOSTILE = AWKWARD + 'x'.repeat(14_000);
const STEERS =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|\udb40[\udc00-\udc7f]/; // eslint-disable-line no-control-regex

/** How each command is run. Add each new command here. */
const WORDS: Record<string, string[][]> = {
  start: [['start', HOSTILE]],
  'migrate plan': [['migrate', 'plan']],
  'migrate up': [['migrate', 'up', '--no-backup']],
  'migrate down': [['migrate', 'down', '--to', HOSTILE]],
  'migrate status': [['migrate', 'status']],
  'migrate verify': [['migrate', 'verify']],
  'migrate pause': [['migrate', 'pause', HOSTILE]],
  'migrate resume': [['migrate', 'resume', HOSTILE]],
  'maintenance on': [['maintenance', 'on']],
  'maintenance off': [['maintenance', 'off']],
  'maintenance status': [['maintenance', 'status']],
  check: [['check']],
  'backup create': [['backup', 'create', '--portable']],
  'backup list': [['backup', 'list']],
  'backup verify': [['backup', 'verify', HOSTILE]],
  'backup restore': [['backup', 'restore', HOSTILE]],
  drill: [['drill']],
  preflight: [['preflight', '--test-results', HOSTILE]],
  watch: [
    ['watch', HOSTILE],
    ['watch', 'http://127.0.0.1:9', '--duration', '1s', '--interval', '1s'],
  ],
  'legacy import': [['legacy', 'import', '--schema', HOSTILE]],
  'legacy verify': [['legacy', 'verify', '--schema', HOSTILE]],
  'legacy rollback': [['legacy', 'rollback', '--schema', HOSTILE]],
  'legacy archive': [['legacy', 'archive', '--schema', HOSTILE]],
  'user list': [
    ['user', 'list'],
    ['user', 'list', '--limit', '1'],
  ],
  'user show': [
    ['user', 'show', 'mallory'],
    ['user', 'show', HOSTILE],
  ],
  'user grant': [
    ['user', 'grant', 'mallory'],
    ['user', 'grant', HOSTILE],
  ],
  'user revoke': [['user', 'revoke', 'mallory']],
  'user disable': [['user', 'disable', 'mallory']],
  'user enable': [['user', 'enable', 'mallory']],
  'user sessions': [['user', 'sessions', 'mallory']],
  'user log': [
    ['user', 'log', '--since', '1d'],
    ['user', 'log', '--kind', HOSTILE],
  ],
  'user reset-password': [['user', 'reset-password', 'mallory']],
  'user end-sessions': [['user', 'end-sessions', 'mallory']],
  'invitation create': [['invitation', 'create', '--note', 'plain']],
  'invitation list': [['invitation', 'list']],
  'invitation revoke': [['invitation', 'revoke', HOSTILE]],
};

function namesOf(command: Command, path: string[] = []): string[] {
  if (command.commands.length === 0) return [path.join(' ')];
  return command.commands.flatMap((inner) => namesOf(inner, [...path, inner.name()]));
}

describe('the output of commands', () => {
  let database: TestDatabase;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'xfchat-terminal-'));
    mkdirSync(join(folder, 'backups'));
    writeFileSync(join(folder, 'backups', 'broken\u001b[31m\u202e.backup'), '');
    database = await createTestDatabase();
    await withClient(database.url, async (client) => {
      await client.query(
        `with person as (
           insert into users (id, username, password_hash, display_name, email)
           values (gen_random_uuid(), 'mallory', '-', $1, 'm@example.org') returning id),
         session as (
           insert into sessions (id, user_id, issued_nonce, expires_at, device_name)
           select gen_random_uuid(), id, 'x', now() + interval '1 day', $1 from person),
         event as (
           insert into authentication_events (id, kind, outcome, user_id, address, request_id, actor, detail, times, created_at, last_at)
           select gen_random_uuid(), 'sign-in', 'ok', id, $1, $1, $1, $1, 1, now(), now() from person)
         insert into invitations (id, code_digest, note, max_uses, uses, expires_at)
         values (gen_random_uuid(), repeat('0', 64), $1, 1, 0, now() + interval '1 day')`,
        [HOSTILE],
      );
    });
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await database.drop();
  });

  it('is tested for every command', () => {
    expect(Object.keys(WORDS).sort()).toEqual(namesOf(buildProgram()).sort());
  });

  it.each(Object.keys(WORDS))(
    'contains no control sequence, whatever people have written: %s',
    async (name) => {
      const environment = {
        DATABASE_URL: database.url,
        DATA_DIR: folder,
        BACKUP_DIR: join(folder, 'backups'),
        // `start` rejects its configuration.
        ...(name === 'start' && { HOST: HOSTILE, PORT: HOSTILE, LOG_LEVEL: HOSTILE }),
      };
      for (const words of WORDS[name]!)
        for (const format of words[0] === 'start' ? [[]] : [[], ['--json']]) {
          const { stdout, stderr } = await outputOf(environment, ...words, ...format);
          expect(stdout + stderr).toMatch(/\w/);
          expect(stdout + stderr).not.toMatch(STEERS);
          // No name begins a new line, and none fills the screen.
          expect(stdout + stderr).not.toMatch(/^root ok/m);
          if (format.length === 0) expect(stdout).not.toMatch(/x{300}/);
        }
    },
    120_000,
  );
});
