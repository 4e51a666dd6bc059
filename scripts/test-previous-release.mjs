// `npm run test:previous-release [-- <revision> [words for Jest]]`: runs an earlier revision and its own end-to-end tests on
// databases with the current schema. During a rollout, and after it was undone, that program runs on that schema.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const today = join(dirname(fileURLToPath(import.meta.url)), '..');
const setup = join(today, 'scripts/previous-release-setup.js');

const LEDGER = 'counts the migrations of its own ledger; those of a newer release are in it as well';
const TAKES_BACK = 'takes migrations back; those of a newer release are that release’s to take back';
const ADDED = 'compares the schema with its own entities, which lack what a newer release has added';
const RESTORES = 'restores a backup of a newer schema, which is left to the release that made it';
/** Tests of earlier revisions that check their own migrations, by full name. All others must pass. */
const LEFT_OUT = {
  'the schema comes back the same after down and up': TAKES_BACK,
  'the schema is what the entities say, and a difference would be seen': ADDED,
  'a start that migrates backs up first and proves the backup, once for two that start together': TAKES_BACK,
  'a start that migrates changes nothing when the backup cannot be made': TAKES_BACK,
  'a start that migrates does without one when it is left out by name': TAKES_BACK,
  'the checklist before a deployment leaves to a person what cannot be seen, and says which migrations are to come':
    TAKES_BACK,
  'the checklist before a deployment is green where all is well, but for what only a person can say':
    RESTORES,
  'migrating is left alone when the step before it fails': LEDGER,
  'migrating gives way when a lock is not free, names who holds it, and gives up in the end': LEDGER,
  'migrating waits with what comes after a data migration that is paused, and goes on where it was': LEDGER,
  'migrating leaves the release before it running, and refuses it once something was taken away': LEDGER,
  'migrating builds a half-built index again': LEDGER,
  'migrating goes back one step, or to a migration, and says what cannot be taken back': TAKES_BACK,
  'migrating that fails leaves nothing of itself, and what came before it': LEDGER,
  'figures tell of backups, disks, starts and the schema': LEDGER,
  'backups say what they hold, and only their owner may read them': LEDGER,
  'backups are proven by restoring them beside the live database': RESTORES,
  'backups changed by a byte: refused by name, and nothing is changed': RESTORES,
  'backups holding other rows: refused by name, and nothing is changed': RESTORES,
  'backups holding another content: refused by name, and nothing is changed': RESTORES,
  'backups take the place of the live database only when that is wanted, and then whole, under a new epoch':
    RESTORES,
  'backups are made by a command that shows no password, and exercised': RESTORES,
};

/** The earlier program's error about a backup of a newer schema. Every test that restores one fails with it. */
const REFUSES_BACKUP = 'with migrations that this version does not know';

const OWN_DATABASES = '/test/processes/';

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', ...options });
  if (error || status !== 0) throw error ?? new Error(`${command} ${args[0]} ended with ${status}`);
}

function git(...words) {
  const { status, stdout, stderr } = spawnSync('git', words, { cwd: today, encoding: 'utf8' });
  if (status !== 0)
    throw new Error(`git ${words[0]} failed; this needs the history of git: ${stderr.trim()}`);
  return stdout.split('\n').filter(Boolean);
}

const migrationsOf = (revision) => git('ls-tree', '--name-only', revision, '--', 'src/migrations/');

/**
 * The newest release (a tag such as v1.2.0) with fewer migrations. If there is none, the last revision without the newest
 * migrations.
 */
function earlierRevision() {
  const releases = git('tag', '--merged', 'HEAD', '--list', 'v*', '--sort=-version:refname');
  const release = releases.find((tag) => migrationsOf(tag).length < migrationsOf('HEAD').length);
  if (release) return release;
  const files = 'src/migrations/[0-9]*.ts';
  const [added] = git('log', '--first-parent', '-m', '--diff-filter=A', '--format=%H', '--', files);
  if (added) return `${added}^`;
  throw new Error('the history of git shows no revision with fewer migrations: fetch all of it, or name one');
}

const refusesBackup = ({ failureMessages }) => failureMessages.some((text) => text.includes(REFUSES_BACKUP));

/** The full names of the failed tests, and the paths of files that could not run. */
function failures(folder, name, words) {
  const results = join(folder, `${name}.json`);
  const pattern = Object.keys(LEFT_OUT).map((title) => title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const jest = ['jest', '--selectProjects', 'end-to-end', '--json', '--outputFile', results];
  const which = [
    '--testPathIgnorePatterns',
    OWN_DATABASES,
    '--testNamePattern',
    `^(?!(${pattern.join('|')})$)`,
  ];
  rmSync(results, { force: true });
  spawnSync('npx', [...jest, ...which, ...words], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  const { testResults, numPassedTests } = JSON.parse(readFileSync(results, 'utf8'));
  const failed = new Map();
  for (const { name: path, status, assertionResults } of testResults) {
    if (status !== 'failed') continue;
    const file = relative(folder, path);
    const failing = assertionResults.filter((test) => test.status === 'failed');
    const titles = failing.filter((test) => !refusesBackup(test)).map((test) => test.fullName);
    for (const { fullName } of failing.filter(refusesBackup))
      console.log(`left out: “${fullName}” ${RESTORES}`);
    if (failing.length === 0) failed.set(file, [`all of ${file}`]);
    else if (titles.length > 0) failed.set(file, titles);
  }
  return { failed, passed: numPassedTests };
}

const titles = (failed) => [...failed.values()].flat();

function repeat(folder, name, failed, words) {
  if (failed.size === 0) return failed;
  return failures(folder, name, ['--runInBand', ...words, '--runTestsByPath', ...failed.keys()]).failed;
}

function main() {
  const [revision = earlierRevision(), ...words] = process.argv.slice(2);
  const [commit] = git('rev-parse', '--verify', `${revision}^{commit}`);
  console.log(git('log', '-1', '--format=the program and the tests of %h (%ad, %s)', commit)[0]);
  const folder = mkdtempSync(join(tmpdir(), 'xfchat-previous-release-'));
  try {
    const archive = join(folder, 'archive.tar');
    git('archive', '--output', archive, commit);
    run('tar', ['-xf', archive], { cwd: folder });
    run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder });
    run('npm', ['run', '--silent', 'build'], { cwd: folder });
    for (const [title, reason] of Object.entries(LEFT_OUT)) console.log(`left out: “${title}” ${reason}`);
    console.log(`left out: ${OWN_DATABASES} creates its own databases, which only that program migrates`);

    const onNewer = ['--globalSetup', setup];
    const first = failures(folder, 'newer-schema', [...onNewer, ...words]);
    console.log(`${first.passed} tests passed on the current schema`);
    if (first.passed === 0) throw new Error('not one test passed');
    // Failed tests run again by themselves, because a busy machine may have failed them. Failures on the program's own schema
    // do not count either.
    const again = repeat(folder, 'newer-schema', first.failed, onNewer);
    const own = titles(repeat(folder, 'own-schema', again, []));
    for (const title of titles(first.failed).filter((each) => !titles(again).includes(each)))
      console.log(`passed at its second run: ${title}`);
    for (const title of titles(again)) {
      console.log(
        `${own.includes(title) ? 'fails on its own schema, too' : 'FAILS ON THIS SCHEMA ONLY'}: ${title}`,
      );
      if (!own.includes(title)) process.exitCode = 1;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

main();
