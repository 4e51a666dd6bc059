import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from 'pg';
import { asFetch } from '../support/as-fetch';
import { createTestDatabase, withClient, type TestDatabase } from '../support/databases';
import { FakeServer, servePrometheus } from '../support/fake-servers';
import { signUp, type Person } from '../support/people';
import { ServerProcess } from '../support/server-process';
import { until } from '../support/until';
import { commandOf, type CommandResult } from '../support/xfchat-command';

const DOCUMENTS = join(__dirname, '../../docs');
const PAGE = readFileSync(join(DOCUMENTS, 'runbook-procedures.md'), 'utf8');

interface Step {
  readonly language: 'sh' | 'sql';
  readonly text: string;
}

/** The shell lines and statements to run, by heading. */
const SECTIONS = new Map(
  PAGE.split(/^## /m)
    .slice(1)
    .map((section): [string, Step[]] => [
      section.split('\n')[0]!,
      [...section.matchAll(/```(sh|sql)\n([\s\S]*?)```/g)].flatMap(([, language, block]) => {
        const lines = language === 'sql' ? [block!] : block!.split('\n');
        return lines
          .map((text) => ({ language: language as Step['language'], text: text.trim() }))
          .filter(({ text }) => text !== '');
      }),
    ]),
);

describe('docs/runbook-procedures.md', () => {
  const directory = mkdtempSync(join(tmpdir(), 'xfchat-procedures-'));
  let database: TestDatabase;
  let environment: Record<string, string>;
  let prometheus: FakeServer;
  let server: ServerProcess;
  let ada: Person;
  let conversationId: string;
  const done = new Set<string>();

  beforeAll(async () => {
    database = await createTestDatabase();
    environment = {
      DATABASE_URL: database.url,
      DATA_DIR: directory,
      CONTACT_POLICY: 'open',
      CANARY_INTERVAL_MS: '0',
      DATABASE_POOL_MAX: '10',
      FLAGS_FILE: join(directory, 'flags.json'),
    };
    writeFileSync(environment.FLAGS_FILE!, '{"flags": {}}');
    writeFileSync(join(directory, 'alerts.yml'), '- alert: Down\n');
    writeFileSync(
      join(directory, 'results.json'),
      JSON.stringify({ success: true, numPassedTests: 1, startTime: Date.now() }),
    );
    prometheus = await servePrometheus([{ name: 'Down' }]);
    await start();
    ada = await signUp(server.url);
    conversationId = await ada.group();
    await ada.send(conversationId, 'kept');
  }, 120_000);
  afterAll(async () => {
    await server.close();
    await prometheus.close();
    await database.drop();
    rmSync(directory, { recursive: true, force: true });
  });

  async function start(): Promise<void> {
    server = await ServerProcess.start({ environment });
    if (ada) Object.assign(ada, { url: server.url });
  }
  const stop = async (): Promise<void> => {
    server.signal('SIGTERM');
    await server.ended();
  };
  const sql = <T extends object>(text: string): Promise<T[]> =>
    withClient(database.url, async (client: Client) => (await client.query<T>(text)).rows);

  /** The command as on the page, with the places of this test and shorter waits. */
  function here(word: string): string {
    const places: Record<string, string> = {
      'http://localhost:9090': prometheus.url,
      'http://localhost:3000': server.url,
      'results.json': join(directory, 'results.json'),
      '24h': '1s',
      '30m': '1s',
    };
    return places[word] ?? word;
  }

  interface Outcome {
    readonly status: number | null;
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers of every shape
    readonly answer: any;
  }

  async function carryOut({ language, text }: Step): Promise<Outcome> {
    if (language === 'sql') return { status: 0, answer: await sql(text.replaceAll('xfchat', database.name)) };
    if (text.startsWith('curl ')) {
      const response = await asFetch(text, server.url);
      return { status: response.ok ? 0 : 22, answer: await response.text() };
    }
    const [npx, program, ...words] = text.split(' ').map(here);
    expect([npx, program]).toEqual(['npx', 'xfchat']);
    if (words.join() === 'start') return { status: 0, answer: await start() };
    const extra: Record<string, string[]> = {
      preflight: ['--alert-rules', join(directory, 'alerts.yml'), '--disk-free', '0.01'],
      watch: ['--interval', '100ms'],
    };
    const result: CommandResult = await commandOf(environment, ...words, ...(extra[words[0]!] ?? []));
    return { status: result.status, answer: result.answer || result.stderr };
  }

  /** Carries out a section, which must have exactly these steps. @returns the result of each step */
  async function procedure(title: string, ...expected: string[]): Promise<Outcome[]> {
    const steps = SECTIONS.get(title)!;
    expect(steps.map(({ text }) => text.split(/[ \n]/).slice(0, 4).join(' '))).toEqual(expected);
    done.add(title);
    const outcomes: Outcome[] = [];
    for (const step of steps) outcomes.push(await carryOut(step));
    return outcomes;
  }
  const statuses = (outcomes: Outcome[]): (number | null)[] => outcomes.map(({ status }) => status);

  it('leads through a deployment', async () => {
    for (const words of [['backup', 'create'], ['drill']])
      expect(await commandOf(environment, ...words)).toMatchObject({ status: 0 });
    const outcomes = await procedure(
      'Before and after a deployment',
      'npx xfchat preflight --test-results',
      'npx xfchat migrate up',
      'npx xfchat watch http://localhost:3000',
    );
    const [checks, , report] = outcomes.map(({ answer }) => answer);
    expect(checks.checks.filter(({ status }: { status: string }) => status === 'red')).toEqual([]);
    expect(report).toMatchObject({ rollback: [], nodes: [{ url: server.url, unserved: 0 }] });
    expect(statuses(outcomes)).toEqual([0, 0, 0]);
  }, 120_000);

  it('makes a server with an outdated schema start', async () => {
    await stop();
    expect(await commandOf(environment, 'migrate', 'down')).toMatchObject({ status: 0 });
    const ended = ServerProcess.spawn({ environment: { ...environment, MIGRATE_ON_START: 'false' } });
    expect(await ended.ended()).toBe(17);
    const outcomes = await procedure(
      'The server does not start',
      'npx xfchat preflight --confirm',
      'npx xfchat migrate status',
      'npx xfchat migrate verify',
      'npx xfchat migrate up',
      'npx xfchat start',
      'curl -s http://localhost:3000/health/ready',
    );
    // The newest migration creates a table that `check` reads, so that line is left to a person.
    expect(statuses(outcomes)).toEqual([31, 0, 17, 0, 0, 0]);
    const [checks, status, , migrated, , ready] = outcomes.map(({ answer }) => answer);
    const undecided = checks.checks.filter((check: { status: string }) => check.status !== 'green');
    expect(undecided).toMatchObject([
      { status: 'person', evidence: expect.stringMatching(/^the schema is older/) },
    ]);
    expect(checks.checks.find(({ name }: { name: string }) => name === 'migrations').evidence).toMatch(
      /^1 to apply/,
    );
    expect(status.pending).toEqual(migrated.applied);
    expect(JSON.parse(ready).status).toBe('ok');
  }, 120_000);

  it('frees held connections', async () => {
    await withClient(database.url, async (holder) => {
      await holder.query('begin');
      await holder.query('lock table chat_messages in exclusive mode');
      const steps = SECTIONS.get('Connections are exhausted')!;
      const minute = steps.find(({ text }) => text.includes('terminate'))!;
      expect(minute.text).toContain("interval '1 minute'");
      // A minute is long for a test, so only the interval is changed.
      Object.assign(minute, { text: minute.text.replace('1 minute', '1 microsecond') });
      const sending = ada.call('POST', `/conversations/${conversationId}/messages`, { body: 'waits' });
      await until('somebody to wait', async () => {
        const waiting = await sql(
          `select from pg_stat_activity where datname = '${database.name}' and wait_event_type = 'Lock'`,
        );
        return waiting.length > 0;
      });
      const outcomes = await procedure(
        'Connections are exhausted',
        'curl -s http://localhost:3000/health',
        'curl -s http://localhost:3000/metrics',
        'select pid, application_name, state,',
        'select pg_terminate_backend(pid) from pg_stat_activity',
        'npx xfchat preflight --confirm',
      );
      expect(statuses(outcomes)).toEqual([0, 0, 0, 0, 0]);
      const [health, metrics, activity, ended] = outcomes.map(({ answer }) => answer);
      expect(JSON.parse(health).details.pool).toMatchObject({
        max: 10,
        oldestCheckoutMs: expect.any(Number),
      });
      expect(metrics).toMatch(/^xfchat_db_pool_leaks_total 0$/m);
      expect(activity.length).toBeGreaterThanOrEqual(1);
      expect(ended).toContainEqual({ pg_terminate_backend: true });
      // The answer depends on the duration of the steps. The client repeats the message in both cases.
      expect([201, 503, 504]).toContain((await sending).status);
    });
    await until('messages to be taken', async () => {
      const { status } = await ada.call('POST', `/conversations/${conversationId}/messages`, {
        body: 'again',
      });
      return status === 201;
    });
  }, 120_000);

  it('restores lost messages from the backup', async () => {
    await commandOf(environment, 'backup', 'create');
    await sql('delete from chat_messages');
    const outcomes = await procedure(
      'Message data is lost',
      'npx xfchat maintenance on',
      'npx xfchat check',
      'npx xfchat backup list',
      'npx xfchat backup restore',
      'npx xfchat check',
      'npx xfchat maintenance off',
    );
    expect(statuses(outcomes)).toEqual([0, 1, 0, 0, 0, 0]);
    expect(outcomes[3]!.answer).toMatchObject({
      replaced: expect.stringMatching(/_replaced_\d+$/),
      maintenanceSince: expect.any(String),
    });
    await sql(`drop database "${outcomes[3]!.answer.replaced}"`);
    await until('the message', async () => {
      const { status, body } = await ada.call('GET', `/conversations/${conversationId}/messages`);
      return status === 200 && body.items.some((message: { body: string }) => message.body === 'kept');
    });
    await ada.send(conversationId, 'people write again');
  }, 120_000);

  it('finishes a migration that was blocked', async () => {
    await stop();
    // The next migration builds an index of users.
    expect(await commandOf(environment, 'migrate', 'down', '--to', '1764000000030')).toMatchObject({
      status: 0,
    });
    await withClient(database.url, async (holder) => {
      await holder.query('begin');
      await holder.query('lock table users in access exclusive mode');
      const blocked = await commandOf(environment, 'migrate', 'up', '--no-backup', '--patience', '1');
      expect(blocked).toMatchObject({ status: 25 });
    });
    const outcomes = await procedure(
      'A migration has failed',
      'npx xfchat migrate status',
      'npx xfchat migrate plan',
      'npx xfchat migrate up',
      'npx xfchat migrate verify',
      'npx xfchat migrate down',
    );
    expect(statuses(outcomes)).toEqual([0, 0, 0, 0, 0]);
    expect(outcomes[2]!.answer.applied.at(-1)).toEqual(outcomes[4]!.answer.undone[0]);
    await start();
  }, 120_000);

  it('leads back to the previous version, and lists the evidence to collect if that does not help', async () => {
    const back = await procedure(
      'Back to the version before',
      'npx xfchat migrate status',
      'npx xfchat migrate down',
      'npx xfchat watch http://localhost:3000',
    );
    // The running version needs the reverted schema, and reports that.
    expect(statuses(back).slice(0, 2)).toEqual([0, 0]);
    expect(back[2]!.answer.nodes).toMatchObject([{ url: server.url }]);
    await commandOf(environment, 'migrate', 'up', '--no-backup');
    const facts = await procedure(
      'Escalation',
      'curl -s http://localhost:3000/health',
      'curl -s http://localhost:3000/metrics',
      'npx xfchat migrate status',
      'npx xfchat backup list',
      'npx xfchat maintenance status',
    );
    expect(statuses(facts).slice(1)).toEqual([0, 0, 0, 0]);
    expect(JSON.parse(facts[0]!.answer).details).toHaveProperty('database');
  }, 120_000);

  it('has only commands that these tests run, and valid links', () => {
    expect([...done].sort()).toEqual([...SECTIONS.keys()].sort());
    const outside = PAGE.split(/^## /m)[0]!;
    expect(outside).not.toContain('```');
    const anchors = (text: string): string[] =>
      [...text.matchAll(/^## (.*)$/gm)].map(([, title]) => title!.toLowerCase().replaceAll(' ', '-'));
    for (const [, file, anchor] of PAGE.matchAll(/\]\(([^)#]*)#?([^)]*)\)/g)) {
      const path = join(DOCUMENTS, file || 'runbook-procedures.md');
      expect({ file, exists: existsSync(path) }).toEqual({ file, exists: true });
      if (anchor) expect(anchors(readFileSync(path, 'utf8'))).toContain(anchor);
    }
  });
});
