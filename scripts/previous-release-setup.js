// Runs the global setup of an earlier release's tests, in whose folder Jest runs. Then it applies this release's migrations to
// the template that the databases of those tests are copied from, with the command that operators use.
const { spawnSync } = require('node:child_process');
const { join } = require('node:path');
const { URL } = require('node:url');

module.exports = async function setUpOnNewerSchema(...told) {
  await require(join(process.cwd(), 'test/support/global-setup.ts')).default(...told);
  const url = new URL(process.env.TEST_POSTGRES_URL);
  url.pathname = `/${process.env.TEST_TEMPLATE}`;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(__dirname, '../bin/xfchat.js'), 'migrate', 'up', '--no-backup', '--json'],
    { encoding: 'utf8', env: { PATH: process.env.PATH, DATABASE_URL: url.toString() } },
  );
  if (status !== 0) throw new Error(`migrate up ended with ${status}: ${stderr}`);
  const { applied } = JSON.parse(stdout);
  if (applied.length === 0) throw new Error('this release has no migration that the earlier one has not');
  console.log(`the schema is newer by ${applied.join(', ')}`);
};
