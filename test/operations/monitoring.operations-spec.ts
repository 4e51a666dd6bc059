import { json } from 'node:stream/consumers';
import { createTestDatabase, type TestDatabase } from '../support/databases';
import { FakeServer } from '../support/fake-servers';
import { FaultProxy } from '../support/fault-proxy';
import { dashboards, exporterSeries, seriesIn } from '../support/monitoring';
import { signUpAll } from '../support/people';
import { ServerProcess } from '../support/server-process';
import { until } from '../support/until';
import { lackingForMonitoring, MonitoringStack, type QueriedSeries } from './monitoring/monitoring-stack';

/** The body that Alertmanager posts to a webhook. */
interface Notification {
  readonly to: string;
  readonly status: 'firing' | 'resolved';
  readonly alerts: readonly {
    readonly labels: Record<string, string>;
    readonly annotations: Record<string, string>;
  }[];
}

const lacking = lackingForMonitoring();
/** It takes a minute until the alert fires, and the machine may be busy. */
const PATIENCE_MS = 180_000;
const LOOK_BACK_SECONDS = 60;
/** Panels without data here, because their events have not happened or their parts are elsewhere. */
const MAY_BE_EMPTY = [
  'XFChat: database / Connections that failed',
  'XFChat: database / Statements that failed, by SQLSTATE',
  'XFChat: message path / Canary: why it was not heard',
];

/**
 * Runs the files of deploy/monitoring with the real programs. These are no npm packages: if they are not
 * installed, the run reports that (`scripts/install-monitoring-tools.sh`), and the other operations tests continue.
 */
(lacking.length > 0 ? describe.skip : describe)('Prometheus and Alertmanager', () => {
  const told: Notification[] = [];
  let database: TestDatabase;
  let link: FaultProxy;
  let server: ServerProcess;
  let pager: FakeServer;
  let stack: MonitoringStack | undefined;

  beforeAll(async () => {
    database = await createTestDatabase();
    link = await FaultProxy.inFrontOf(database.url);
    const environment = { DATABASE_URL: link.url, CONTACT_POLICY: 'open', CANARY_INTERVAL_MS: '1000' };
    server = await ServerProcess.start({ environment });
    pager = await FakeServer.start((request, response) => {
      void json(request).then((body) => {
        told.push({ to: request.url!, ...(body as Omit<Notification, 'to'>) });
        response.end();
      });
    });
    stack = await MonitoringStack.start(server.url, pager.url);
  }, PATIENCE_MS);
  afterAll(async () => {
    await stack?.close();
    await pager.close();
    await server.close();
    await link.close();
    await database.drop();
  });

  it('show data of a server under load in every panel', async () => {
    const [ada, ben] = await signUpAll(server.url, 2);
    const conversationId = await ada!.group(ben!);
    const sockets = [await ada!.connect(), await ben!.connect()];
    const isSeen = async (): Promise<boolean> =>
      (await stack!.query('rate(xfchat_http_requests_total{job="xfchat"}[1m]) > 0')).length > 0;
    for (let index = 0; index < 200 || !(await isSeen()); index++) {
      await sockets[index % 2]!.ok('message:send', { conversationId, body: `${index}` });
      if (index % 10 === 0) {
        await ada!.call('GET', `/conversations/${conversationId}/messages`);
        await ben!.signInAgain();
        await ben!.call('GET', '/conversations/not-an-id');
      }
    }
    // By then, values that are read rarely have been read, too.
    await until(
      'the figures',
      async () => (await stack!.query('xfchat_db_size_bytes')).length > 0,
      PATIENCE_MS,
    );
    for (const socket of sockets) socket.close();

    const elsewhere = new Set(exporterSeries().filter((name) => name !== 'up'));
    const empty: string[] = [];
    for (const { title, panels } of dashboards())
      for (const panel of panels.filter(({ type }) => type !== 'row')) {
        const name = `${title} / ${panel.title}`;
        const own = panel.targets!.filter(
          ({ expr }) => !seriesIn(expr).some((series) => elsewhere.has(series)),
        );
        for (const { expr, legendFormat = '' } of own) {
          const shown = await stack!.queryRange(filledIn(expr), LOOK_BACK_SECONDS);
          process.stdout.write(
            `${name} [${panel.fieldConfig?.defaults.unit ?? ''}] ${legendFormat} = ${rangeOf(shown)}\n`,
          );
          const isEmpty = shown.every(({ values }) => values.length === 0);
          if (isEmpty && !seriesIn(expr).some((series) => NOT_HERE.test(series))) empty.push(name);
        }
      }
    expect(empty.filter((name) => !MAY_BE_EMPTY.includes(name))).toEqual([]);
  }, 300_000);

  it('notify the operator of an unavailable database and of its end, and of no consequential alert', async () => {
    const ofDatabase = (status: string) => (): Notification | undefined =>
      told.find(
        (each) =>
          each.status === status &&
          each.alerts.some(({ labels }) => labels.alertname === 'XFChatDatabaseDown'),
      );
    expect((await stack!.alerts()).filter(({ state }) => state === 'firing')).toEqual([]);
    link.set('refuse');
    const page = await until('the page', ofDatabase('firing'), PATIENCE_MS);
    process.stdout.write(`told: ${JSON.stringify(page.alerts[0])}\n`);
    expect(page.to).toBe('/on-call');
    expect(page.alerts).toMatchObject([
      {
        labels: { alertname: 'XFChatDatabaseDown', job: 'xfchat', severity: 'critical' },
        annotations: {
          summary: 'A server sees the database down, or not writable',
          runbook_url: 'docs/runbook.md#xfchatdatabasedown',
        },
      },
    ]);
    // This alert fires as well, and Alertmanager suppresses it.
    const follows = async () => (await stack!.alertsToTell()).find(({ name }) => name === 'XFChatCanaryLate');
    expect(await until('what follows from it', follows, PATIENCE_MS)).toMatchObject({ state: 'suppressed' });
    expect(told.flatMap(({ alerts }) => alerts.map(({ labels }) => labels.alertname))).not.toContain(
      'XFChatCanaryLate',
    );
    link.set('pass');
    await until('the end of it', ofDatabase('resolved'), PATIENCE_MS);
  }, 600_000);
});

if (lacking.length > 0)
  it(`DID NOT RUN: there is no ${lacking.join(' and no ')} on this machine (scripts/install-monitoring-tools.sh)`, () => {
    process.stderr.write(`Prometheus and Alertmanager DID NOT RUN, for want of ${lacking.join(' and ')}\n`);
  });

/** Panels about standbys and backups: there are none here. */
const NOT_HERE = /^xfchat_(db_replication|backup)_/;

const filledIn = (expr: string): string =>
  expr.replaceAll('$__rate_interval', '1m').replaceAll('$job', 'xfchat').replaceAll('$instance', '.*');

/** There is only one server. */
const COMMON_LABELS = ['__name__', 'job', 'instance'];

/** The lowest and the highest value of each series, by its labels. */
function rangeOf(shown: readonly QueriedSeries[]): string {
  const ranges = shown.map(({ metric, values }) => {
    const label = Object.entries(metric)
      .flatMap(([name, value]) => (COMMON_LABELS.includes(name) ? [] : value))
      .join(' ');
    const bounds = [Math.min(...values), Math.max(...values)].map((value) => Number(value.toPrecision(3)));
    return `${label && `${label}: `}${values.length === 0 ? 'no number' : bounds.join(' … ')}`;
  });
  return ranges.join('; ') || 'nothing';
}
