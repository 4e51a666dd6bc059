import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { gaugeOf, parseSamples } from './prometheus-text';

describe("Prometheus' text format", () => {
  it('is read as the server’s metrics library writes it', async () => {
    const registry = new Registry();
    const registers = [registry];
    const counter = new Counter({ name: 'a_total', help: 'a', labelNames: ['route', 'status'], registers });
    counter.inc({ route: '/conversations/{id}', status: '200' }, 3);
    counter.inc({ route: 'with "quotes", \\ and\nlines', status: '503' });
    new Histogram({ name: 'b_seconds', help: 'b', buckets: [0.1, 1], registers }).observe(0.5);
    new Gauge({ name: 'c', help: 'c', registers }).set(1.5e-7);
    new Gauge({ name: 'd', help: 'd', registers }).set(NaN);
    const samples = parseSamples(await registry.metrics());
    expect(samples).toEqual([
      { name: 'a_total', labels: { route: '/conversations/{id}', status: '200' }, value: 3 },
      { name: 'a_total', labels: { route: 'with "quotes", \\ and\nlines', status: '503' }, value: 1 },
      { name: 'b_seconds_bucket', labels: { le: '0.1' }, value: 0 },
      { name: 'b_seconds_bucket', labels: { le: '1' }, value: 1 },
      { name: 'b_seconds_bucket', labels: { le: '+Inf' }, value: 1 },
      { name: 'b_seconds_sum', labels: {}, value: 0.5 },
      { name: 'b_seconds_count', labels: {}, value: 1 },
      { name: 'c', labels: {}, value: 1.5e-7 },
      { name: 'd', labels: {}, value: NaN },
    ]);
    expect([gaugeOf(samples, 'c'), gaugeOf(samples, 'd'), gaugeOf(samples, 'e')]).toEqual([
      1.5e-7,
      undefined,
      undefined,
    ]);
  });

  it('can have infinite values, timestamps and invalid lines', () => {
    expect(parseSamples('# HELP a\n\na +Inf 1700000000000\nb{x="1",} -Inf\n<html>\n')).toEqual([
      { name: 'a', labels: {}, value: Infinity },
      { name: 'b', labels: { x: '1' }, value: -Infinity },
    ]);
  });
});
