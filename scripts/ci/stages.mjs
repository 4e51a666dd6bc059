/**
 * These stages have to pass before a change is taken; those that find most come first. A stage runs its command; `prepare`
 * installs what a bare machine lacks. If `prepare` fails, a stage with `needsPreparation` does not run, and the summary says so;
 * other stages run without what is missing. In stages of `jest` a failed test is run once more by itself.
 */
export const STAGES = [
  { name: 'test', command: 'npm test', jest: true },
  { name: 'check', command: 'npm run check' },
  { name: 'processes', command: 'npm run test:processes', jest: true },
  { name: 'abuse', command: 'npm run test:abuse', jest: true },
  { name: 'faults', command: 'npm run test:faults', jest: true },
  { name: 'braid', command: 'npm run test:braid', jest: true },
  {
    name: 'redis',
    prepare: 'timeout 120 scripts/ci/install-redis.sh',
    needsPreparation: true,
    command: 'npm run test:redis',
    jest: true,
  },
  { name: 'rollout', command: 'npm run test:rollout', jest: true },
  {
    name: 'earlier releases, and migrations up, down and up again',
    command: "npm run test:change -- --testPathPatterns 'releases|rehearsal'",
    jest: true,
  },
  { name: 'check:documents', command: 'npm run check:documents' },
  {
    name: 'check:monitoring',
    prepare: 'timeout 120 scripts/install-monitoring-tools.sh',
    command: 'npm run check:monitoring',
  },
  {
    name: 'check:deployment',
    prepare: 'timeout 180 scripts/install-validators.sh',
    command: 'npm run check:deployment',
  },
  { name: 'check:licences', command: 'npm run check:licences' },
  { name: 'generated client', command: 'npm run test:generated-client', jest: true },
  { name: 'nest build', command: 'npm run --silent check:nest' },
  { name: 'smoke test on Node 24', command: 'npm run --silent test:node24' },
];
