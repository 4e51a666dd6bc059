/** The stages of .ci/nightly take too long for each change. Their fields are those of stages.mjs. */
export const STAGES = [
  { name: 'test', command: 'SEEDS=20 npm test', jest: true },
  {
    name: 'browser',
    prepare: 'timeout 300 scripts/ci/install-chromium.sh',
    needsPreparation: true,
    command: 'npm run test:browser',
    jest: true,
  },
  { name: 'guarantees', command: 'npm run test:guarantees', jest: true },
  {
    name: 'guarantees, a rolling restart and Braid with two workers in each server',
    command:
      'npm run --silent build && TEST_WORKERS=2 npx jest --selectProjects guarantees rollout braid --testPathPatterns server-killed rolling-restart crowd clients',
    jest: true,
  },
  {
    name: 'operations',
    prepare: 'timeout 180 scripts/install-monitoring-tools.sh && timeout 180 scripts/install-validators.sh',
    command: 'npm run test:operations',
    jest: true,
  },
  { name: 'change', command: 'npm run test:change', jest: true },
  { name: 'previous-release', command: 'npm run test:previous-release' },
  { name: 'input', command: 'npm run test:input', jest: true },
  { name: 'mutants', command: 'npm run test:mutants' },
  {
    name: 'pgbouncer',
    prepare: 'timeout 180 scripts/ci/install-pgbouncer.sh',
    needsPreparation: true,
    command: 'npm run test:pgbouncer',
  },
  { name: 'postgres', command: 'npm run test:postgres' },
];
