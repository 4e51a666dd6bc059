import { FakeExporter } from '../support/fake-exporter';
import { FakeServer, serveExporter } from '../support/fake-servers';
import { commandOf } from '../support/xfchat-command';

/** Runs the command with short intervals: it reads every 50 ms, and a fault counts after half a second. */
describe('xfchat watch', () => {
  const QUICK = ['--interval', '50ms', '--lasting', '500ms', '--duration'];
  const servers: FakeServer[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });

  /** A server with this many answers between two reads. */
  async function node(errors: number, exporter = new FakeExporter()): Promise<string> {
    const server = await serveExporter(exporter, () => {
      exporter.answer(1_000, errors);
      exporter.deliver(0.001, 20);
      exporter.execute(0.001, 20);
      exporter.signIn('ok', 1);
    });
    servers.push(server);
    return server.url;
  }

  it('ends with 0 when nothing is wrong, with a report of every target', async () => {
    const urls = [await node(0), await node(0)];
    const { status, answer, stderr } = await commandOf({}, 'watch', ...urls, ...QUICK, '2s');
    expect({ status, answer }).toMatchObject({
      status: 0,
      answer: { ok: true, complete: true, rollback: [], nodes: urls.map((url) => ({ url, unserved: 0 })) },
    });
    expect(answer.targets.map(({ met }: { met: boolean }) => met)).toEqual(Array(8).fill(true));
    expect(stderr).toMatch(/^\S+Z \d s of 2 s: errors 0 %/m);
  });

  it('ends with 32 when 6 % are errors, and names the criterion', async () => {
    const [well, ill] = [await node(0), await node(60)];
    const { status, answer } = await commandOf({}, 'watch', well, ill, ...QUICK, '60s');
    process.stdout.write(`watch: exit code ${status}, ${JSON.stringify(answer.rollback)}\n`);
    expect({ status, answer }).toMatchObject({
      status: 32,
      answer: {
        ok: false,
        rollback: [{ criterion: 'errors', node: ill, evidence: expect.stringMatching(/^6 %: /) }],
      },
    });
  });

  it('accepts another limit for a rollback', async () => {
    const ill = await node(60);
    const words = ['watch', ill, ...QUICK];
    const patient = await commandOf({}, ...words, '1500ms', '--rollback-at', 'errors=7%');
    expect(patient).toMatchObject({ status: 33, answer: { rollback: [] } });
    const strict = await commandOf({}, ...words, '60s', '--rollback-at', 'errors=7%', 'statements=0.5ms');
    expect(strict).toMatchObject({ status: 32, answer: { rollback: [{ criterion: 'statements' }] } });
    const { status, stderr } = await commandOf({}, ...words, '60s', '--rollback-at', 'pool=2%');
    expect({ status, stderr }).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('Must be <criterion>'),
    });
  });

  it('ends with 33 when a target is missed without a reason for a rollback', async () => {
    const { status, answer } = await commandOf({}, 'watch', await node(10), ...QUICK, '1500ms');
    expect({ status, answer }).toMatchObject({ status: 33, answer: { ok: false, rollback: [] } });
    expect(answer.targets[0]).toMatchObject({
      name: 'errors',
      met: false,
      seen: expect.stringMatching(/^1 %: /),
    });
  });

  it('reports a server that does not answer at once, and calls for a rollback when that lasts', async () => {
    const gone = await FakeServer.start(() => undefined);
    await gone.close();
    const { status, answer, stderr } = await commandOf({}, 'watch', await node(0), gone.url, ...QUICK, '60s');
    expect(stderr).toContain(`${gone.url}: no answer (ECONNREFUSED)`);
    expect({ status, answer }).toMatchObject({
      status: 32,
      answer: {
        rollback: [{ criterion: 'not-serving', node: gone.url, evidence: 'no answer (ECONNREFUSED)' }],
      },
    });
  });

  it('sends the token of the metrics, and reports its rejection', async () => {
    const exporter = new FakeExporter();
    const server = await FakeServer.start((request, response) => {
      const isHealth = request.url === '/health/ready';
      const isAllowed = isHealth || request.headers.authorization === 'Bearer of the metrics';
      response.writeHead(isAllowed ? 200 : 401);
      if (isHealth || !isAllowed) response.end('{}');
      else void exporter.metrics().then((text) => response.end(text));
    });
    servers.push(server);
    const words = ['watch', server.url, ...QUICK, '1s'];
    const refused = await commandOf({}, ...words);
    expect(refused).toMatchObject({ status: 32, stderr: expect.stringContaining('no metrics (401)') });
    expect(await commandOf({ METRICS_TOKEN: 'of the metrics' }, ...words)).toMatchObject({ status: 0 });
  });
});
