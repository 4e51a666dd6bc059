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
  transformIgnorePatterns: [`/node_modules/(?!(${packageNames.filter(isEsModule).join('|')})/)`],
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

module.exports = {
  // The machine of the tests also runs their PostgreSQL; fewer workers than this leave it idle.
  maxWorkers: 2,
  projects: [
    { ...base, displayName: 'unit', testRegex: '(src|test/guarantees|test/support)/.*\\.spec\\.ts$' },
    {
      ...withDatabase,
      displayName: 'end-to-end',
      testRegex: 'test/(?!change/)[^/]*/?[^/]*\\.e2e-spec\\.ts$',
    },
    // Minutes of faults, on the server as it is built: `npm run test:guarantees`.
    { ...withDatabase, displayName: 'guarantees', testRegex: 'test/guarantees/proofs/.*\\.e2e-spec\\.ts$' },
    { ...withDatabase, displayName: 'change', testRegex: 'test/change/.*\\.e2e-spec\\.ts$' },
    { ...withFaults, displayName: 'faults', testRegex: 'test/faults/[^/]*\\.fault-spec\\.ts$' },
  ],
  collectCoverageFrom: ['src/**/*.ts', '!src/**/*.spec.ts', '!src/migrations/**'],
  coverageReporters: ['text-summary', 'lcov', 'json-summary'],
  coverageThreshold: { global: { lines: 80, branches: 80 } },
};
