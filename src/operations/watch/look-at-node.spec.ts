import { FakeExporter } from '../../../test/support/fake-exporter';
import { FakeServer, serveExporter } from '../../../test/support/fake-servers';
import { lookAtNode } from './look-at-node';

jest.setTimeout(60_000);

describe('a read of a server’s state', () => {
  const servers: FakeServer[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });
  const started = async (server: Promise<FakeServer>): Promise<string> => {
    servers.push(await server);
    return servers.at(-1)!.url;
  };
  const look = (url: string, metricsUrl = url, metricsToken?: string) =>
    lookAtNode({ url, metricsUrl, metricsToken, timeoutMs: 10_000 });

  it('finds its metrics, and its failed checks', async () => {
    const exporter = new FakeExporter();
    const url = await started(serveExporter(exporter, () => undefined));
    const well = await look(url);
    expect(well).toMatchObject({ isReady: true, reason: '' });
    expect(well.samples).toContainEqual({ name: 'xfchat_db_pool_max', labels: {}, value: 25 });
    exporter.isReady = false;
    expect(await look(url)).toMatchObject({ isReady: false, reason: 'not ready (database unreachable)' });
  });

  it('reads the metrics from another port with the token, if configured', async () => {
    const exporter = new FakeExporter();
    const url = await started(serveExporter(exporter, () => undefined));
    const guarded = await started(
      FakeServer.start((request, response) => {
        const isAllowed = request.headers.authorization === 'Bearer secret';
        response.writeHead(isAllowed ? 200 : 401).end('a 1\n');
      }),
    );
    expect(await look(url, guarded, 'secret')).toMatchObject({ samples: [{ name: 'a', value: 1 }] });
    expect(await look(url, guarded)).toEqual({
      isReady: true,
      reason: 'no metrics (401)',
      samples: undefined,
    });
  });

  it('reports the reason of a missing answer, and an invalid answer', async () => {
    const gone = await FakeServer.start(() => undefined);
    await gone.close();
    const nothing = { isReady: false, reason: 'no answer (ECONNREFUSED)', samples: undefined };
    expect(await look(gone.url)).toEqual(nothing);
    const silent = await started(FakeServer.start(() => undefined));
    const late = await lookAtNode({
      url: silent,
      metricsUrl: silent,
      metricsToken: undefined,
      timeoutMs: 50,
    });
    expect(late).toEqual({ ...nothing, reason: 'no answer (timeout)' });
    const strange = await started(FakeServer.start((_, response) => response.writeHead(502).end('<html>')));
    expect(await look(strange)).toEqual({
      ...nothing,
      reason: 'not ready (the answer is not from XFChat); no metrics (502)',
    });
  });
});
