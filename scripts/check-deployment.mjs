// `npm run check:deployment`: checks deploy/ without a running cluster, service manager or proxy. It names validators that are
// not installed; with `-- --complete` a missing one is a failure.
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
if (lacking.length > 0) console.log(`not checked, because these programs are missing: ${lacking.join(', ')}`);
process.exitCode = faults.length > 0 || (lacking.length > 0 && process.argv.includes('--complete')) ? 1 : 0;

/** @param result the faults, one per line; undefined if the check could not run */
function report(name, result) {
  if (result === undefined) return;
  console.log(`${result.length === 0 ? 'ok  ' : 'FAIL'} ${name}`);
  for (const fault of result) console.error(fault);
  faults.push(...result);
}

/** The name of the missing program; rethrows any other error. */
function whatIsLacking(error) {
  if (error.code !== 'ENOENT' || !error.path) throw error;
  lacking.push(error.path);
}

/** @returns the output of a failure; undefined if the program is not installed */
function run(program, ...parameters) {
  const { status, error, stdout, stderr } = spawnSync(program, parameters, { encoding: 'utf8' });
  if (error) return whatIsLacking(error);
  return status === 0 ? [] : [`${program} ${parameters.join(' ')}: ${stdout}${stderr}`];
}

/** Checks the systemd unit, with the path of this machine's Node. */
function checkUnit() {
  const unit = join(scratch, 'xfchat.service');
  const text = readFileSync(join(deploy, 'systemd/xfchat.service'), 'utf8');
  writeFileSync(unit, text.replace('/usr/bin/node', process.execPath));
  // It ignores what it does not know, and only says so.
  // Without this option, systemd-analyze only warns about unknown settings.
  const verdict = run('systemd-analyze', 'verify', '--man=no', '--recursive-errors=no', unit);
  // The exposure is from 0 (sandboxed) to 10; a unit without any restriction has 9.6.
  return (
    verdict && [...verdict, ...run('systemd-analyze', 'security', '--offline=yes', '--threshold=20', unit)]
  );
}

/** Creates a certificate that both proxies can load, in place of the operator's. */
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
