// Runs every stage, also after one has failed, and ends with a summary and exit code 1 if a stage failed. A stage that cannot run
// on this machine is listed as NOT RUN and fails nothing.
//
// A test that fails is run once more by itself. If it passes then, the end lists it as FLAKY with its seed and its first failure,
// and the stage counts as passed. Each such test is a fault, of the product until shown otherwise; more than MOST_FLAKY of them
// fail the run. Usage: node scripts/ci/run-stages.mjs [--stages FILE] [NAME …] (without names: all stages)
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

/** The run fails when more tests than this pass only at their second attempt, in all stages together. */
const MOST_FLAKY = 5;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { stages: { type: 'string', default: join(import.meta.dirname, 'stages.mjs') } },
});
const { STAGES } = await import(pathToFileURL(resolve(values.stages)).href);
const unknown = positionals.filter((name) => !STAGES.some((stage) => stage.name === name));
if (unknown.length) {
  console.error(`There is no stage "${unknown.join('", "')}".`);
  process.exit(2);
}
const selected = STAGES.filter(({ name }) => !positionals.length || positionals.includes(name));

const folder = mkdtempSync(join(tmpdir(), 'xfchat-ci-'));
const reportFile = join(folder, 'failed-tests.json');
const totals = { passed: 0, failed: 0 };
const flaky = [];
const verdicts = [];

/** @returns whether the command succeeded, and the report of Jest's run, or null when Jest wrote none */
function run(command, environment = {}) {
  rmSync(reportFile, { force: true });
  const { status } = spawnSync('bash', ['-c', command], {
    stdio: 'inherit',
    env: { ...process.env, FAILED_TESTS_FILE: reportFile, ...environment },
  });
  const report = existsSync(reportFile) ? JSON.parse(readFileSync(reportFile, 'utf8')) : null;
  return { succeeded: status === 0, report };
}

const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
const titleOf = ({ file, name }) => `${relative(process.cwd(), file)} › ${name ?? '(the whole file)'}`;

/** Runs a failed test by itself. @returns whether it passed */
function passesAlone(test) {
  console.log(`\n== second run, by itself: ${titleOf(test)}`);
  const pattern = test.name?.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const only = pattern ? ` --testNamePattern ${quoted(`^${pattern}$`)}` : '';
  const { succeeded, report } = run(`npx jest --runInBand --runTestsByPath ${quoted(test.file)}${only}`);
  return succeeded && report !== null && report.passed > 0;
}

/** Jest checks the coverage in the same run, whose exit code says only that something failed. */
function hasCoverage(command) {
  const summary = join(process.cwd(), 'coverage/coverage-summary.json');
  if (command !== 'npm test' || !existsSync(summary)) return true;
  const { total } = JSON.parse(readFileSync(summary, 'utf8'));
  const { global: least } = createRequire(import.meta.url)('../../jest.config.js').coverageThreshold;
  return Object.entries(least).every(([kind, percent]) => total[kind].pct >= percent);
}

/** @returns null when the stage passed, or the reason why it did not */
function judge({ command, jest }) {
  const { succeeded, report } = run(command);
  totals.passed += report?.passed ?? 0;
  if (succeeded) return jest && !report ? 'no test ran' : null;
  if (!jest || !report?.failed.length) return 'the command failed';
  totals.failed += report.failed.length;
  if (flaky.length + report.failed.length > MOST_FLAKY) return `${report.failed.length} tests failed`;
  const stillFailing = report.failed.filter((test) => {
    if (!passesAlone(test)) return true;
    flaky.push(test);
    totals.failed -= 1;
    totals.passed += 1;
    return false;
  });
  if (stillFailing.length) return `failed twice: ${stillFailing.map(titleOf).join('; ')}`;
  return hasCoverage(command) ? null : 'the coverage is below its threshold';
}

function runStage({ name, prepare, needsPreparation, ...stage }) {
  console.log(`\n== ${name}: ${stage.command}`);
  if (prepare && !run(prepare).succeeded) {
    if (needsPreparation) return { verdict: 'NOT RUN', reason: `"${prepare}" failed` };
    console.log(`== "${prepare}" failed; the stage runs without it`);
  }
  const reason = judge(stage);
  return { verdict: reason ? 'FAILED' : 'passed', reason };
}

for (const stage of selected) {
  const start = Date.now();
  const result = runStage(stage);
  verdicts.push({ name: stage.name, seconds: Math.round((Date.now() - start) / 1000), ...result });
}
rmSync(folder, { recursive: true, force: true });

console.log('\n== summary');
for (const { name, seconds, verdict, reason } of verdicts)
  console.log(`${verdict.padEnd(7)} ${String(seconds).padStart(5)} s  ${name}${reason ? `: ${reason}` : ''}`);
for (const test of flaky)
  console.log(
    `FLAKY ${titleOf(test)}\n    seed: ${test.seed}\n    to repeat: ${test.repeat}\n${test.message.replace(/^/gm, '    ')}`,
  );
console.log(`${totals.passed} passed, ${totals.failed} failed`);
process.exit(verdicts.some(({ verdict }) => verdict === 'FAILED') || flaky.length > MOST_FLAKY ? 1 : 0);
