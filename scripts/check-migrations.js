// `npm run check:migrations`: squawk reads the SQL of the migrations, and reports statements that block the traffic or break the
// previous release. Statements that run in a transaction are passed to it as such.
require('@swc-node/register');
require('reflect-metadata');
const { spawnSync } = require('node:child_process');
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { basename, join } = require('node:path');
const { fileOf, recordMigrations } = require('../src/platform/migrations/recorded-migration');
const { SCHEMA } = require('../src/schema');

// The runner sets a lock timeout for every migration. A statement timeout would only make a long one fail for ever.
const BY_THE_RUNNER = ['require-lock-timeout', 'require-statement-timeout'];

// Migrations that are harmless, or applied and therefore unchangeable. Each excuse is for one rule in one file.
const EXCUSED = {
  '1764000000000-initial-schema': {
    'prefer-bigint-over-int': 'generations of refresh tokens, numbers of versions and the epoch stay small',
  },
  '1764000000008-unread-indexes': {
    'require-concurrent-index-creation': 'was applied before anything was released',
    'require-concurrent-index-deletion': 'the same',
  },
  '1764000000030-legacy-import': {
    'prefer-bigint-over-smallint': 'the order of a dozen tables',
    'prefer-bigint-over-int': 'positions in one array of parents',
  },
  '1764000000031-old-password-hashes': {
    'require-concurrent-index-creation':
      'next to no row is in it: it reads the users once and writes nothing',
  },
};

const COMMAND = require.resolve('squawk-cli/js/bin/squawk');

function findingsIn(directory, migrations, flags) {
  if (migrations.length === 0) return [];
  const files = migrations.map(({ name, statements }) => {
    const file = join(directory, `${fileOf(name)}.sql`);
    writeFileSync(file, statements.map((statement) => `${statement.trim()};\n`).join(''));
    return file;
  });
  const { stdout, stderr, error } = spawnSync(
    process.execPath,
    [
      COMMAND,
      '--reporter',
      'json',
      '--pg-version',
      '15',
      '--exclude',
      BY_THE_RUNNER.join(','),
      ...flags,
      ...files,
    ],
    { encoding: 'utf8' },
  );
  try {
    return JSON.parse(stdout);
  } catch {
    throw error ?? new Error(`squawk gave no findings: ${stderr}`);
  }
}

async function main() {
  const directory = mkdtempSync(join(tmpdir(), 'xfchat-squawk-'));
  try {
    const migrations = await recordMigrations(SCHEMA.migrations);
    const findings = [
      ...findingsIn(
        directory,
        migrations.filter((each) => each.isTransactional),
        ['--assume-in-transaction'],
      ),
      ...findingsIn(
        directory,
        migrations.filter((each) => !each.isTransactional),
        [],
      ),
    ].map(({ file, rule_name: rule, line, message, help }) => ({
      migration: basename(file, '.sql'),
      rule,
      text: `${basename(file, '.sql')}: ${rule} (line ${line + 1} of its SQL): ${message} ${help ?? ''}`,
    }));
    const excuses = Object.entries(EXCUSED).flatMap(([migration, rules]) =>
      Object.keys(rules).map((rule) => ({ migration, rule })),
    );
    const matches = (a) => (b) => a.migration === b.migration && a.rule === b.rule;
    const faults = findings.filter((finding) => !excuses.some(matches(finding))).map(({ text }) => text);
    for (const excuse of excuses)
      if (!findings.some(matches(excuse)))
        faults.push(`${excuse.migration} needs no excuse for ${excuse.rule} any more`);
    if (faults.length === 0) return;
    console.error(faults.join('\n'));
    process.exitCode = 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

void main();
