import { FAULTS } from '../../src/platform/problems/general-problems';
import {
  anchorsOf,
  dashboards,
  documentedSeries,
  edges,
  expectations,
  exporterSeries,
  expressionsOf,
  rules,
  sampleNames,
  seriesIn,
} from './monitoring';

const alerts = rules().filter(({ alert }) => alert !== undefined);
const recordings = rules().flatMap(({ record }) => record ?? []);

describe('expressions of PromQL', () => {
  it('name the series that they read', () => {
    expect(seriesIn('up{job="xfchat"} == 0 or absent(up{job="x"})')).toEqual(['up']);
    expect(
      seriesIn('histogram_quantile(0.95, sum by (job, le) (rate(a_bucket{stage="b"}[5m]))) > 1e3'),
    ).toEqual(['a_bucket']);
    expect(
      seriesIn('time() - max(a:b:c) / on (instance) count by (instance) (d{mode="idle"}) and e > 0'),
    ).toEqual(['a:b:c', 'd', 'e']);
  });
});

describe('alerts', () => {
  it.each(alerts.map(({ alert, annotations }) => [alert!, annotations!.runbook_url]))(
    '%s has a page in the runbook, a test in which it fires and one in which it does not',
    (alert, page) => {
      const [path, anchor] = page.split('#');
      expect(path).toBe('docs/runbook.md');
      expect(anchorsOf('docs/runbook.md')).toContain(anchor);
      const [fires, silent, ...more] = expectations()
        .get(alert)!
        .sort((a, b) => b - a);
      expect(fires).toBeGreaterThan(0);
      expect(silent).toBe(0);
      expect(more).toEqual([]);
    },
  );

  it('each have a row with both sides of their threshold, unless a reason is given', () => {
    const rows = edges();
    expect(Object.keys(rows).sort()).toEqual(alerts.map(({ alert }) => alert!).sort());
    for (const [alert, of] of Object.entries(rows)) {
      const sides = of.map(({ silent, fires, series }) =>
        Object.keys(series).length === 0 ? 'nothing' : [typeof silent, typeof fires, silent === fires],
      );
      expect({ alert, sides }).toEqual({
        alert,
        sides: sides.map((side) => (side === 'nothing' ? side : ['number', 'number', false])),
      });
      expect({ alert, sides }).toMatchObject({
        sides: expect.arrayContaining([['number', 'number', false]]),
      });
    }
  });

  it('include every problem that is a fault of the server', () => {
    const faults = FAULTS.map(({ code }) => code)
      .filter((code) => !['maintenance', 'draining'].includes(code))
      .join('|');
    const lists = rules().flatMap(({ expr }) => /=~"(internal\|[^"]*)"/.exec(expr)?.[1] ?? []);
    expect(lists).toHaveLength(3);
    for (const list of lists) expect(list).toBe(faults);
  });

  it('read existing series', () => {
    const known = new Set([...documentedSeries().flatMap(sampleNames), ...exporterSeries(), ...recordings]);
    for (const { alert, record, expr } of rules())
      expect({ rule: alert ?? record, unknown: seriesIn(expr).filter((name) => !known.has(name)) }).toEqual({
        rule: alert ?? record,
        unknown: [],
      });
  });
});

describe.each(dashboards().map((dashboard) => [dashboard.file, dashboard] as const))(
  '%s',
  (file, dashboard) => {
    const { panels } = dashboard;

    it('is a consistent dashboard', () => {
      expect(`${dashboard.uid}.json`).toBe(file);
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
      expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
      expect(dashboard.templating.list.map(({ name }) => name)).toEqual(['datasource', 'job', 'instance']);
      for (const { title, type, datasource, targets = [] } of panels) {
        if (type === 'row') continue;
        const sources = [datasource, ...targets.map((target) => target.datasource)];
        expect({ title, sources: sources.map((source) => source?.uid) }).toEqual({
          title,
          sources: sources.map(() => '${datasource}'),
        });
        expect({ title, queries: targets.length > 0 }).toEqual({ title, queries: true });
        expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
      }
    });

    it('names each line', () => {
      const lines = panels.filter(({ type }) => type === 'timeseries');
      const nameless = lines.filter(({ targets = [] }) => targets.some(({ legendFormat }) => !legendFormat));
      expect(nameless.map(({ title }) => title)).toEqual([]);
    });

    it('has no overlapping panels', () => {
      const taken = new Map<string, string>();
      for (const {
        title,
        gridPos: { x, y, w, h },
      } of panels) {
        expect({ title, fits: x >= 0 && x + w <= 24 }).toEqual({ title, fits: true });
        for (let row = y; row < y + h; row++)
          for (let column = x; column < x + w; column++) {
            expect([title, taken.get(`${row}/${column}`)]).toEqual([title, undefined]);
            taken.set(`${row}/${column}`, title);
          }
      }
    });

    it('reads existing series', () => {
      const known = new Set([...documentedSeries().flatMap(sampleNames), ...exporterSeries(), ...recordings]);
      for (const expr of expressionsOf(dashboard))
        expect({ expr, unknown: seriesIn(expr).filter((name) => !known.has(name)) }).toEqual({
          expr,
          unknown: [],
        });
    });
  },
);
