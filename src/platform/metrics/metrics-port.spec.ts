import { freePort } from '../../../test/support/free-port';
import { Configuration } from '../configuration/configuration';
import { Metrics } from './metrics';
import { MetricsPort } from './metrics-port';

describe('the port of the metrics', () => {
  it('reports a failure to read them, and continues', async () => {
    const port = await freePort();
    const metrics = new Metrics();
    let isBroken = true;
    metrics.gauge('xfchat_odd', 'What cannot be read at first', () => {
      if (isBroken) throw new Error('not now');
      return 1;
    });
    const configuration = Object.assign(new Configuration(), { METRICS_PORT: port, HOST: '127.0.0.1' });
    const metricsPort = new MetricsPort(configuration, metrics);
    await metricsPort.listen();
    const url = `http://127.0.0.1:${port}/metrics`;
    try {
      const signal = AbortSignal.timeout(10_000);
      expect((await fetch(url, { signal })).status).toBe(500);
      isBroken = false;
      expect(await (await fetch(url, { signal })).text()).toContain('xfchat_odd 1');
    } finally {
      metricsPort.onApplicationShutdown();
    }
  });
});
