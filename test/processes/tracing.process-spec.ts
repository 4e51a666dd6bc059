import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Collector } from '../support/collector';
import { createTestDatabase, type TestDatabase } from '../support/databases';
import { signUp } from '../support/people';
import { until } from '../support/until';

const ROOT = join(__dirname, '../..');

/** The number of spans with this outcome, from `/metrics`. */
async function spanCount(url: string, outcome: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(
    new RegExp(`^xfchat_trace_spans_total\\{outcome="${outcome}"\\} (\\d+)$`, 'm').exec(text)?.[1] ?? 0,
  );
}

describe('tracing of the program that npm start runs', () => {
  const directory = mkdtempSync(join(tmpdir(), 'xfchat-traced-'));
  let database: TestDatabase;
  let collector: Collector;
  let server: ChildProcess | undefined;
  let output = '';

  beforeAll(async () => {
    database = await createTestDatabase();
    collector = await Collector.start();
  });
  afterAll(async () => {
    server?.kill('SIGKILL');
    await collector.close();
    await database.drop();
    rmSync(directory, { recursive: true, force: true });
  });

  async function start(environment: Record<string, string>): Promise<string> {
    output = '';
    server = spawn(process.execPath, ['bin/start.js'], {
      cwd: ROOT,
      env: {
        PATH: process.env.PATH,
        PORT: '0',
        DATA_DIR: directory,
        DATABASE_URL: database.url,
        DRAIN_DELAY_MS: '0',
        CANARY_INTERVAL_MS: '0',
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_BSP_SCHEDULE_DELAY: '20',
        ...environment,
      },
    });
    for (const stream of [server.stdout!, server.stderr!])
      stream.on('data', (data: Buffer) => (output += data.toString()));
    return until('the server to serve', () => /XFChat serves at (http:\S+)/.exec(output)?.[1], 60_000);
  }

  it.each([
    ['plain', {}],
    ['compressed', { OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' }],
  ])('exports every recorded span to a collector, %s', async (_name, environment) => {
    const received = collector.spans.length;
    const url = await start(environment);
    const ada = await signUp(url);
    const conversationId = await ada.group();
    const count = 10;
    for (let index = 0; index < count; index++) await ada.send(conversationId, `text ${index}`);
    const name = 'POST /api/v1/conversations/:conversationId/messages';
    const sends = (): unknown[] => collector.spans.slice(received).filter((span) => span.name === name);
    await until(`the spans of ${count} messages`, () => sends().length === count, 10_000);
    await until(
      'all to be exported',
      async () => (await spanCount(url, 'exported')) === (await spanCount(url, 'recorded')),
    );
    expect(await spanCount(url, 'failed')).toBe(0);
    expect(collector.spans.length - received).toBe(await spanCount(url, 'exported'));
    expect(collector.resource).toMatchObject({ 'service.name': 'xfchat' });
    expect(output).not.toContain('cannot be exported');
    server!.kill('SIGTERM');
    await once(server!, 'exit');
  });
});
