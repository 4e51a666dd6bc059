// Jest 30 cannot require() ES modules on Node 20, so the packages that ship nothing else are compiled
// to CommonJS on the way in, like the project's own TypeScript.
const { existsSync, readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

const modules = join(__dirname, 'node_modules');
const packageNames = readdirSync(modules).flatMap((entry) =>
  entry.startsWith('@') ? readdirSync(join(modules, entry)).map((name) => `${entry}/${name}`) : [entry],
);
const isEsModule = (name) => {
  const manifest = join(modules, name, 'package.json');
  return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).type === 'module';
};
/** Loads Node's own http by `import()`, which Jest knows nothing of either. */
const IMPORTING = '@opentelemetry/otlp-exporter-base';
const isToBeCompiled = (name) => name === IMPORTING || isEsModule(name);

const swc = [
  '@swc/jest',
  {
    jsc: {
      parser: { syntax: 'typescript', decorators: true },
      target: 'es2022',
      keepClassNames: true,
      transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
    },
    module: { type: 'commonjs' },
    sourceMaps: 'inline',
  },
];

const base = {
  rootDir: __dirname,
  testEnvironment: 'node',
  moduleFileExtensions: ['ts', 'js', 'json', 'mjs', 'cjs'],
  transform: { '^.+\\.[cm]?[tj]s$': swc },
  transformIgnorePatterns: [`/node_modules/(?!(${packageNames.filter(isToBeCompiled).join('|')})/)`],
};

const withDatabase = {
  ...base,
  globalSetup: './test/support/global-setup.ts',
  globalTeardown: './test/support/global-teardown.ts',
  setupFilesAfterEnv: ['./test/support/setup.ts'],
};

// Faults: each makes the PostgreSQL that it hurts, and the server runs as a process of its own.
const withFaults = {
  ...base,
  globalSetup: './test/support/fault-setup.ts',
  globalTeardown: './test/support/fault-teardown.ts',
  setupFilesAfterEnv: ['./test/support/setup.ts'],
};

// The conformance of Braid servers: of this one, or of the one that these variables name (test/braid/README.md).
const isOtherServer = Boolean(process.env.BRAID_BASE_URL ?? process.env.BRAID_FOLDER_URL);

module.exports = {
  // The machine of the tests also runs their PostgreSQL; fewer workers than this leave it idle.
  maxWorkers: 2,
  // A test that fails may leave a server open, and Jest would wait for it. `.ci/run` has to come to its end.
  forceExit: Boolean(process.env.FAILED_TESTS_FILE),
  // Where scripts/ci/run-stages.mjs runs the tests, it is told which of them failed.
  reporters: [
    'default',
    './test/support/repeat-reporter.js',
    ...(process.env.FAILED_TESTS_FILE ? ['<rootDir>/scripts/ci/failed-tests-reporter.cjs'] : []),
  ],
  projects: [
    {
      ...base,
      displayName: 'unit',
      setupFilesAfterEnv: ['./test/support/setup.ts'],
      testRegex:
        '(src|client/src|web/src|test/guarantees|test/support|test/deployment|scripts)/.*\\.spec\\.ts$',
    },
    {
      ...withDatabase,
      displayName: 'end-to-end',
      testRegex: 'test/(?!change/)[^/]*/?[^/]*\\.e2e-spec\\.ts$',
      testEnvironment: './test/support/contract/environment.ts',
      setupFilesAfterEnv: [
        './test/support/setup.ts',
        './test/support/cheap-hashing.ts',
        './test/support/contract/setup.ts',
      ],
    },
    // Starts, crashes and restarts of the real processes: `npm run test:processes`.
    { ...withDatabase, displayName: 'processes', testRegex: 'test/processes/.*\\.process-spec\\.ts$' },
    // Two servers behind a balancer, restarted one after the other: `npm run test:rollout`.
    { ...withDatabase, displayName: 'rollout', testRegex: 'test/rollout/[^/]*\\.rollout-spec\\.ts$' },
    // Minutes of faults, on the server as it is built: `npm run test:guarantees`.
    { ...withDatabase, displayName: 'guarantees', testRegex: 'test/guarantees/proofs/.*\\.e2e-spec\\.ts$' },
    // `preflight`, `watch` and the procedures, as commands: `npm run test:operations`.
    { ...withDatabase, displayName: 'operations', testRegex: 'test/operations/.*\\.operations-spec\\.ts$' },
    // PgBouncer in transaction mode, where one is installed: `npm run test:pgbouncer`.
    { ...withDatabase, displayName: 'pgbouncer', testRegex: 'test/pgbouncer/.*\\.pgbouncer-spec\\.ts$' },
    // Backups and migrations with much data, under load, kills and locks: `npm run test:change`.
    { ...withDatabase, displayName: 'change', testRegex: 'test/change/.*\\.e2e-spec\\.ts$' },
    // Attacks on the built server, and what other people notice of them: `npm run test:abuse`.
    { ...withDatabase, displayName: 'abuse', testRegex: 'test/abuse/[^/]*\\.abuse-spec\\.ts$' },
    // Thousands of wrong inputs made from the documents: `npm run test:input`.
    { ...withDatabase, displayName: 'input', testRegex: 'test/input/[^/]*\\.input-spec\\.ts$' },
    {
      ...(isOtherServer ? base : withDatabase),
      setupFilesAfterEnv: ['./test/support/setup.ts'],
      displayName: 'braid',
      testRegex: `test/braid/${isOtherServer ? 'conformance' : '[^/]*'}\\.braid-spec\\.ts$`,
    },
    // A client generated from docs/openapi.json: `npm run test:generated-client`.
    { ...withDatabase, displayName: 'generated-client', testRegex: 'test/.*\\.client-spec\\.ts$' },
    // Two people in a real browser, on the server as it is built: `npm run test:browser`.
    {
      ...withDatabase,
      displayName: 'browser',
      globalSetup: './test/browser/support/global-setup.ts',
      testEnvironment: './test/browser/support/environment.ts',
      testRegex: 'test/browser/[^/]*\\.browser-spec\\.ts$',
    },
    // Servers with a real Redis, which is killed, frozen and clustered: `npm run test:redis`.
    { ...withDatabase, displayName: 'redis', testRegex: 'test/redis/[^/]*\\.redis-spec\\.ts$' },
    { ...withFaults, displayName: 'faults', testRegex: 'test/faults/[^/]*\\.fault-spec\\.ts$' },
  ],
  collectCoverageFrom: ['src/**/*.ts', '!src/**/*.spec.ts', '!src/migrations/**'],
  coverageReporters: ['text-summary', 'lcov', 'json-summary'],
  coverageThreshold: { global: { lines: 80, branches: 80 } },
};
