import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const ROOT = join(__dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

export interface Series {
  readonly name: string;
  readonly type: string;
  readonly labels: string[];
}

export interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly annotations?: { readonly runbook_url: string };
}

interface RuleTest {
  alert_rule_test: { alertname: string; exp_alerts: object[] }[];
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly uid: string };
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  readonly targets?: {
    readonly refId: string;
    readonly expr: string;
    readonly legendFormat?: string;
    readonly datasource: { uid: string };
  }[];
}

export interface Dashboard {
  readonly file: string;
  readonly uid: string;
  readonly title: string;
  readonly panels: Panel[];
  readonly templating: { readonly list: { readonly name: string; readonly type: string }[] };
}

/** The rows of the tables of docs/metrics.md. Labels are explained (`a`: …; `b`: …) or just named (`a`, `b`). */
export function documentedSeries(): Series[] {
  return [...read('docs/metrics.md').matchAll(/^\| `(\w+)` \| (\w+) \| (.*?) \|/gm)].map(
    ([, name, type, labels]) => ({
      name: name!,
      type: type!,
      labels: labels!
        .split(labels!.includes(':') ? '; ' : ', ')
        .flatMap((part) => part.split(', ').slice(0, part.includes(':') ? 1 : undefined))
        .flatMap((part) => /^`(\w+)`/.exec(part)?.[1] ?? [])
        .sort(),
    }),
  );
}

/** The series of a scrape, from its `# TYPE` lines, with the labels of their samples. */
export function scrapedSeries(text: string): Series[] {
  return text.split(/^# HELP /m).flatMap((block) => {
    const [, name, type] = /^# TYPE (\w+) (\w+)$/m.exec(block) ?? [];
    if (!name || !type) return [];
    const labels = [...block.matchAll(/[{,](\w+)="(?:[^"\\]|\\.)*"/g)].map(([, label]) => label!);
    return [{ name, type, labels: [...new Set(labels)].filter((label) => label !== 'le').sort() }];
  });
}

/** The sample names of a series, which expressions use. */
export const sampleNames = ({ name, type }: Series): string[] =>
  type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];

export const rules = (): Rule[] =>
  (parse(read('deploy/monitoring/alerts.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
    (group) => group.rules,
  );

/** The number of expected alerts in each test, by alert. */
export function expectations(): Map<string, number[]> {
  const { tests } = parse(read('deploy/monitoring/alerts.test.yml')) as { tests: RuleTest[] };
  const found = new Map<string, number[]>();
  for (const { alertname, exp_alerts: expected } of tests.flatMap((test) => test.alert_rule_test))
    found.set(alertname, [...(found.get(alertname) ?? []), expected.length]);
  return found;
}

/** A condition of an alert, with a value on either side of it. */
interface Edge {
  readonly series: Record<string, string | number>;
  readonly silent?: number;
  readonly fires?: number;
}

export const edges = (): Record<string, Edge[]> =>
  parse(read('deploy/monitoring/alerts.edges.yml')) as Record<string, Edge[]>;

export const exporterSeries = (): string[] =>
  Object.values(parse(read('deploy/monitoring/exporters.yml')) as Record<string, string[]>).flat();

export function dashboards(): Dashboard[] {
  const folder = 'deploy/monitoring/grafana/dashboards';
  return readdirSync(join(ROOT, folder)).map((file) => ({
    file,
    ...(JSON.parse(read(join(folder, file))) as Omit<Dashboard, 'file'>),
  }));
}

export const expressionsOf = ({ panels }: Dashboard): string[] =>
  panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

/** The anchors of the headings of a page. */
export const anchorsOf = (path: string): string[] =>
  [...read(path).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replace(/ /g, '-'),
  );

const OPERATORS = new Set(['and', 'or', 'unless', 'bool', 'offset']);

/** The series that a PromQL expression reads. */
export function seriesIn(expression: string): string[] {
  const bare = expression
    .replace(/"(?:[^"\\]|\\.)*"/g, '')
    .replace(/\{[^}]*\}/g, ' ')
    .replace(/\[[^\]]*\]/g, ' ')
    .replace(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, ' ');
  const names = [...bare.matchAll(/(?<![\w:.])([a-zA-Z_][\w:]*)(?!\s*\(|[\w:])/g)].map(([, name]) => name!);
  return [...new Set(names.filter((name) => !OPERATORS.has(name)))];
}
