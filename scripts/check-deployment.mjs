// `npm run check:deployment`: what can be said of deploy/ without a cluster, a service manager or a proxy that runs.
// Validators that are not installed are named; with `-- --complete` that is a failure.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkManifests } from './check-manifests.mjs';
import { alertsOfOverlay, source } from './prometheus-rule.mjs';

const deploy = join(import.meta.dirname, '../deploy');
const scratch = mkdtempSync(join(tmpdir(), 'xfchat-deployment-'));
const faults = [];
const lacking = [];

try {
  const manifests = await checkManifests(join(deploy, 'kubernetes')).catch(whatIsLacking);
  report('kustomize, the schemas and the types of Kubernetes', manifests);
  const alerts = alertsOfOverlay();
  if (!alerts) lacking.push(source);
  report('the alerts of the monitoring overlay', alerts);
  report('systemd-analyze', checkUnit());
  if (hasCertificate()) {
    report('nginx -t', checkNginx());
    report('haproxy -c', checkHaproxy());
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
if (lacking.length > 0) console.log(`not checked, for want of: ${lacking.join(', ')}`);
process.exitCode = faults.length > 0 || (lacking.length > 0 && process.argv.includes('--complete')) ? 1 : 0;

/** @param result what is wrong, a line each; undefined when it could not be checked */
function report(name, result) {
  if (result === undefined) return;
  console.log(`${result.length === 0 ? 'ok  ' : 'FAIL'} ${name}`);
  for (const fault of result) console.error(fault);
  faults.push(...result);
}

/** A program that is not installed; anything else is thrown on. */
function whatIsLacking(error) {
  if (error.code !== 'ENOENT' || !error.path) throw error;
  lacking.push(error.path);
}

/** @returns what it says when it fails; undefined when there is no such program */
function run(program, ...parameters) {
  const { status, error, stdout, stderr } = spawnSync(program, parameters, { encoding: 'utf8' });
  if (error) return whatIsLacking(error);
  return status === 0 ? [] : [`${program} ${parameters.join(' ')}: ${stdout}${stderr}`];
}

/** The unit, with the Node of this machine, whose place is its own. */
function checkUnit() {
  const unit = join(scratch, 'xfchat.service');
  const text = readFileSync(join(deploy, 'systemd/xfchat.service'), 'utf8');
  writeFileSync(unit, text.replace('/usr/bin/node', process.execPath));
  // It ignores what it does not know, and only says so.
  // Without the option it says what it does not know, and is content.
  const verdict = run('systemd-analyze', 'verify', '--man=no', '--recursive-errors=no', unit);
  // From 0 (locked up) to 10; 9.6 is what a unit has that says nothing.
  return (
    verdict && [...verdict, ...run('systemd-analyze', 'security', '--offline=yes', '--threshold=20', unit)]
  );
}

/** One that both proxies can load, in the place of the operator's. */
function hasCertificate() {
  const made = run(
    'openssl',
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'],
    ...['-subj', '/CN=chat.example.org', '-keyout', join(scratch, 'key.pem')],
    ...['-out', join(scratch, 'certificate.pem')],
  );
  if (made?.length !== 0) return false;
  const parts = ['certificate.pem', 'key.pem'].map((name) => readFileSync(join(scratch, name), 'utf8'));
  writeFileSync(join(scratch, 'combined.pem'), parts.join(''));
  return true;
}

function withCertificate(file) {
  const path = join(scratch, file);
  const text = readFileSync(join(deploy, 'proxies', file), 'utf8');
  writeFileSync(path, text.replaceAll('/etc/ssl/xfchat', scratch));
  return path;
}

function checkNginx() {
  const configuration = join(scratch, 'main.conf');
  const place = withCertificate('nginx.conf');
  writeFileSync(
    configuration,
    `pid ${scratch}/nginx.pid;\nevents {}\nhttp { access_log off; include ${place}; }\n`,
  );
  return run('nginx', '-t', '-q', '-e', 'stderr', '-c', configuration);
}

function checkHaproxy() {
  return run('haproxy', '-c', '-f', withCertificate('haproxy.cfg'));
}
