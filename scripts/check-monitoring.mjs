// `npm run check:monitoring`: promtool and amtool check deploy/monitoring, the expressions of the dashboards, and the metrics of
// a running server. They come from Debian's packages prometheus and prometheus-alertmanager: either installed, or put into
// tools/monitoring by scripts/install-monitoring-tools.sh. This script installs nothing.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { writeEdgeTests } from './alert-edges.mjs';

const root = join(import.meta.dirname, '..');
const monitoring = join(root, 'deploy/monitoring');
const env = { ...process.env, PATH: `${process.env.PATH}:${join(root, 'tools/monitoring/usr/bin')}` };
const WHO_IS_TOLD = {
  critical: 'on-call,second-on-call,head-of-operations',
  warning: 'team',
  info: 'nobody',
};
const STARTED_WITHIN_MS = 120_000;

const missing = ['promtool', 'amtool'].filter((name) => spawnSync(name, ['--version'], { env }).error);
if (missing.length > 0) {
  console.log(`check:monitoring DID NOT RUN: there is no ${missing.join(' and no ')} on this machine.`);
  console.log('Debian has them: scripts/install-monitoring-tools.sh puts them into tools/monitoring.');
  process.exit(0);
}

const folder = mkdtempSync(join(tmpdir(), 'xfchat-monitoring-'));
try {
  const edges = writeEdgeTests(monitoring, folder);
  const results = [
    run('the configuration of Prometheus, and the rules', 'promtool', ['check', 'config', 'prometheus.yml']),
    run('the alerts, firing and silent', 'promtool', ['test', 'rules', 'alerts.test.yml']),
    run('both sides of every threshold', 'promtool', ['test', 'rules', ...edges]),
    run('the Alertmanager example', 'amtool', ['check-config', 'alertmanager.yml']),
    ...Object.entries(WHO_IS_TOLD).map(([severity, receivers]) =>
      run(`who is told of what is ${severity}`, 'amtool', [
        ...['config', 'routes', 'test', '--config.file=alertmanager.yml', `--verify.receivers=${receivers}`],
        ...[`severity=${severity}`, 'alertname=XFChatDown'],
      ]),
    ),
    run('the expressions of the dashboards', 'promtool', ['check', 'rules', dashboardsAsRules()]),
    run('the metrics of a running server', 'promtool', ['check', 'metrics'], await scrape()),
  ];
  process.exitCode = results.every(Boolean) ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function run(what, command, parameters, input) {
  console.log(`== ${what}: ${command} ${parameters.slice(0, 2).join(' ')}`);
  const { status, stdout, stderr } = spawnSync(command, parameters, {
    cwd: monitoring,
    env,
    input,
    encoding: 'utf8',
  });
  console.log(`${stdout}${stderr}`.trim() || 'No faults.');
  return status === 0;
}

/** Turns each expression of a dashboard into a rule that promtool can read, with Grafana's variables filled in. */
function dashboardsAsRules() {
  const dashboards = join(monitoring, 'grafana/dashboards');
  const expressions = readdirSync(dashboards).flatMap((file) =>
    JSON.parse(readFileSync(join(dashboards, file), 'utf8')).panels.flatMap(({ targets = [] }) =>
      targets.map(({ expr }) =>
        expr.replaceAll('$__rate_interval', '1m').replaceAll('$job', 'xfchat').replaceAll('$instance', '.*'),
      ),
    ),
  );
  const path = join(folder, 'dashboards.json');
  // Rules can be written as JSON, because JSON is YAML. An expression in two dashboards becomes one rule.
  const rules = [...new Set(expressions)].map((expr, index) => ({ record: `panel:${index}`, expr }));
  writeFileSync(path, JSON.stringify({ groups: [{ name: 'panels', rules }] }));
  console.log(`${rules.length} expressions of ${expressions.length} queries`);
  return path;
}

/** The metrics of a server with its embedded database, after the first round trip of its canary. */
async function scrape() {
  const server = spawn(process.execPath, [join(root, 'dist/cli.js'), 'start'], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      PORT: '0',
      HOST: '127.0.0.1',
      DATA_DIR: join(folder, 'data'),
      CANARY_INTERVAL_MS: '200',
      LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => server.once('exit', resolve));
  try {
    const url = await addressOf(server);
    for (const deadline = Date.now() + STARTED_WITHIN_MS; ; await pause(100)) {
      const text = await (await fetch(`${url}/metrics`)).text();
      if (/^xfchat_messages_broadcast_total [1-9]/m.test(text)) return text;
      if (Date.now() > deadline) throw new Error('the canary of the server was not heard');
    }
  } finally {
    server.kill('SIGTERM');
    await ended;
  }
}

function addressOf(server) {
  return new Promise((resolve, reject) => {
    let output = '';
    server.stdout.on('data', (data) => {
      output += data;
      const [, url] = /XFChat serves at (http:\S+)/.exec(output) ?? [];
      if (url) resolve(url);
    });
    server.once('exit', () => reject(new Error(`the server ended: ${output}`)));
  });
}
