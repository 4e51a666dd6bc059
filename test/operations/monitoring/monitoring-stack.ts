import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { freePort } from '../../support/free-port';
import { until } from '../../support/until';

const ROOT = join(__dirname, '../../..');
const MONITORING = join(ROOT, 'deploy/monitoring');
/** The folder into which scripts/install-monitoring-tools.sh installs the programs. */
const PATH = [process.env.PATH, join(ROOT, 'tools/monitoring/usr/bin')].join(delimiter);
/** The name of the program upstream and in Debian. */
const ALERTMANAGERS = ['alertmanager', 'prometheus-alertmanager'];
/** The folder of the templates of Debian's package. The upstream program contains its templates. */
const TEMPLATES = '/usr/share/prometheus/alertmanager/default.tmpl';

const isThere = (program: string): boolean =>
  spawnSync(program, ['--version'], { env: { PATH } }).error === undefined;

const alertmanagerProgram = (): string | undefined => ALERTMANAGERS.find(isThere);

/** The missing programs. */
export function lackingForMonitoring(): string[] {
  return [
    ...(isThere('prometheus') ? [] : ['prometheus']),
    ...(alertmanagerProgram() ? [] : ['alertmanager']),
    ...(alertmanagerProgram() === ALERTMANAGERS[1] && !existsSync(TEMPLATES) ? [TEMPLATES] : []),
  ];
}

/** A series of a range query: its labels, and its values without NaN. */
export interface QueriedSeries {
  readonly metric: Record<string, string>;
  readonly values: number[];
}

/**
 * Prometheus and Alertmanager with the files of `deploy/monitoring`. Only the addresses, the scrape interval
 * (a second) and Alertmanager's grouping time are changed. The durations of alerts are unchanged.
 */
export class MonitoringStack {
  private constructor(
    private readonly port: number,
    private readonly alertmanagerPort: number,
    private readonly children: readonly Program[],
    private readonly folder: string,
  ) {}

  /** @param told the URL that gets notifications instead of the operator's pager */
  static async start(server: string, told: string): Promise<MonitoringStack> {
    const folder = mkdtempSync(join(tmpdir(), 'xfchat-monitoring-'));
    const [port, alertmanagerPort, clusterless] = [
      await freePort(),
      await freePort(),
      '--cluster.listen-address=',
    ];
    const copy = (file: string, changes: readonly (readonly [from: string, to: string])[] = []): string => {
      let text = readFileSync(join(MONITORING, file), 'utf8');
      for (const [from, to] of changes) {
        if (!text.includes(from)) throw new Error(`${file} does not say ${from}`);
        text = text.replaceAll(from, to);
      }
      const path = join(folder, file);
      writeFileSync(path, text);
      return path;
    };
    copy('alerts.yml');
    const prometheus = copy('prometheus.yml', [
      ['15s', '1s'],
      ['xfchat:9464', new URL(server).host],
      ['alertmanager:9093', `127.0.0.1:${alertmanagerPort}`],
    ]);
    const alertmanager = copy('alertmanager.yml', [
      ['http://pager.example.org', told],
      ['group_wait: 15s', 'group_wait: 1s'],
      ['group_interval: 5m', 'group_interval: 1s'],
    ]);
    const children = [
      new Program('prometheus', [
        `--config.file=${prometheus}`,
        `--storage.tsdb.path=${join(folder, 'prometheus')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ]),
      new Program(alertmanagerProgram()!, [
        `--config.file=${alertmanager}`,
        `--storage.path=${join(folder, 'alertmanager')}`,
        `--web.listen-address=127.0.0.1:${alertmanagerPort}`,
        clusterless,
      ]),
    ];
    const stack = new MonitoringStack(port, alertmanagerPort, children, folder);
    try {
      await until('Prometheus to have seen the server', () => stack.hasSeenServer());
    } catch (error) {
      await stack.close();
      throw error;
    }
    return stack;
  }

  /** Alerts by their state, `pending` or `firing`. */
  async alerts(): Promise<{ name: string; state: string }[]> {
    const { alerts } = (await this.ask('alerts')) as {
      alerts: { labels: { alertname: string }; state: string }[];
    };
    return alerts.map(({ labels, state }) => ({ name: labels.alertname, state }));
  }

  /** Alerts that have reached Alertmanager, by their state: `active`, or `suppressed` by another one. */
  async alertsToTell(): Promise<{ name: string; state: string }[]> {
    const answer = await fetch(`http://127.0.0.1:${this.alertmanagerPort}/api/v2/alerts`);
    const alerts = (await answer.json()) as {
      labels: { alertname: string };
      status: { state: string };
    }[];
    return alerts.map(({ labels, status }) => ({ name: labels.alertname, state: status.state }));
  }

  async query(expression: string): Promise<unknown[]> {
    return ((await this.ask('query', { query: expression })) as { result: unknown[] }).result;
  }

  /** The values of the last `seconds`, one per second. */
  async queryRange(expression: string, seconds: number): Promise<QueriedSeries[]> {
    const end = Date.now() / 1_000;
    const parameters = { query: expression, start: String(end - seconds), end: String(end), step: '1' };
    const { result } = (await this.ask('query_range', parameters)) as {
      result: { metric: Record<string, string>; values: [number, string][] }[];
    };
    return result.map(({ metric, values }) => ({
      metric,
      values: values.map(([, value]) => Number(value)).filter((value) => !Number.isNaN(value)),
    }));
  }

  async close(): Promise<void> {
    for (const child of this.children) await child.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async hasSeenServer(): Promise<boolean> {
    for (const child of this.children) child.expectToRun();
    return (await this.query('up{job="xfchat"} == 1').catch(() => [])).length > 0;
  }

  private async ask(path: string, parameters: Record<string, string> = {}): Promise<unknown> {
    const url = `http://127.0.0.1:${this.port}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`;
    const { status, data, error } = (await (await fetch(url)).json()) as Record<string, unknown>;
    if (status !== 'success') throw new Error(`${path}: ${String(error)}`);
    return data;
  }
}

class Program {
  private readonly child: ChildProcess;
  private output = '';

  constructor(
    private readonly name: string,
    words: string[],
  ) {
    this.child = spawn(name, words, { env: { PATH }, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout!, this.child.stderr!])
      stream.on('data', (data: Buffer) => (this.output += data.toString()));
  }

  expectToRun(): void {
    if (this.child.exitCode !== null) throw new Error(`${this.name} has ended: ${this.output}`);
  }

  async close(): Promise<void> {
    const ended = once(this.child, 'exit');
    if (this.child.kill('SIGTERM')) await ended;
  }
}
