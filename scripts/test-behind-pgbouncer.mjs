// `npm run test:pgbouncer`: runs tests with PgBouncer in transaction mode between the server and its database. Install it with
// `apt-get install pgbouncer`.
import { spawnSync } from 'node:child_process';

/** The end-to-end tests that depend most on the database. Each file gets its servers behind PgBouncer. */
const END_TO_END =
  'test/(append-messages|concurrency|conversations|friends|message-edits|messages|several-servers)';
/** Rows of docs/fault-matrix.md. Their faults then lie between PgBouncer and PostgreSQL. */
const FAULTS = 'F(01|02|03|04|05|06|07|08|14|17): ';

const isInstalled = spawnSync('pgbouncer', ['--version']).status === 0;
if (!isInstalled) {
  console.log('NOT RUN: there is no pgbouncer on this machine.');
  process.exit(0);
}

const behind = { ...process.env, TEST_BEHIND_PGBOUNCER: '1' };
const runs = [
  [['--selectProjects', 'pgbouncer'], process.env],
  [['--selectProjects', 'end-to-end', '--testPathPatterns', END_TO_END], behind],
  [['--selectProjects', 'faults', '--runInBand', '--testNamePattern', FAULTS], behind],
];
const failed = runs.filter(
  ([words, env]) => spawnSync('npx', ['jest', ...words], { stdio: 'inherit', env }).status !== 0,
);
process.exit(failed.length > 0 ? 1 : 0);
