import js from '@eslint/js';
import tseslint from 'typescript-eslint';

// Messages are stored through one port, `appendMessages`; everything else writes through `inTransaction`.
const oneDoor = [
  {
    selector:
      'TemplateElement[value.raw=/(insert\\s+into|update|delete\\s+from)\\s+chat_messages/i], Literal[value=/(insert\\s+into|update|delete\\s+from)\\s+chat_messages/i]',
    message:
      'Messages are written by src/features/messages/*.queries.ts and src/features/erasure only; new ones through appendMessages.',
  },
  {
    selector: 'TemplateElement[value.raw=/append_messages/i], Literal[value=/append_messages/i]',
    message: 'append_messages is called by src/features/messages/append-messages.queries.ts only.',
  },
  {
    selector: 'CallExpression[callee.property.name=/^(transaction|startTransaction|createQueryRunner)$/]',
    message: 'Everything that writes goes through inTransaction (src/platform/database/transaction.ts).',
  },
];

// Times that are stored, or compared with stored ones, are those of the database: clocks of servers differ.
const oneClock = [
  {
    selector: 'NewExpression[callee.name="Date"][arguments.length=0], CallExpression[callee.name="Date"]',
    message:
      'Stored times are those of the database (`now()`, `databaseNow`); for how long something takes: `performance.now()`.',
  },
  {
    selector: 'MemberExpression[object.name="Date"][property.name="now"]',
    message:
      'Stored times are those of the database (`now()`, `databaseNow`); for how long something takes: `performance.now()`.',
  },
];

// Every connection pins the settings that statements rely on, whatever the defaults of the database are.
const oneClient = [
  {
    name: 'pg',
    importNames: ['Client', 'Pool'],
    allowTypeImports: true,
    message: 'Connections are made by DatabaseClient (src/platform/database/database-client.ts).',
  },
];

// What changes a payload before its rules are asked has to be known to the quick check as well.
const oneNormalForm = [
  {
    name: 'class-transformer',
    importNames: ['Transform', 'Expose', 'Exclude'],
    message: 'Payloads are changed by normalized (src/platform/validation/normalized.ts).',
  },
];

export default tseslint.config(
  { ignores: ['**/dist', 'coverage', 'node_modules', '.xfchat', 'tools', '**/*.generated.ts'] },
  js.configs.recommended,
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_+$' }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-explicit-any': 'error',
      'no-restricted-syntax': ['error', ...oneDoor],
      '@typescript-eslint/no-restricted-imports': ['error', { paths: oneClient }],
      'no-restricted-imports': ['error', { paths: oneNormalForm }],
      'no-console': 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', ...oneDoor, ...oneClock] },
  },
  {
    files: [
      'src/delivery/{sockets/socket-supervisor,sockets/sockets.gateway,braid/subscriptions}.ts', // access tokens: signed by a server's clock
      'src/platform/database/database-monitor.ts', // says since when, to people
      'src/platform/servers/lease.ts', // of two clocks the one that was not stopped
      'src/platform/database/value-sample.ts', // a value of each kind, taken back at once
      'src/platform/embedded-postgres/*.ts', // waits, and the age of log files
      'src/observability/health/health.service.ts', // says how old something is, to people
      'src/operations/backups/{backup-folder,verify-backup,is-backup-proven,drill,side-databases}.ts', // files beside the database, and names
      'src/operations/command-line/{backup,watch}.command.ts', // shows ages and times to people
      'src/operations/preflight/release-checks.ts', // results of tests, in files
    ],
    rules: { 'no-restricted-syntax': ['error', ...oneDoor] },
  },
  {
    files: [
      'src/platform/validation/normalized.ts',
      'src/platform/configuration/{configuration,setting-rules}.ts',
    ],
    rules: { 'no-restricted-imports': 'off' },
  },
  {
    files: ['test/**/*.ts', '**/*.spec.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unnecessary-type-assertion': 'off',
      '@typescript-eslint/no-base-to-string': 'off',
      '@typescript-eslint/unbound-method': 'off',
      'no-restricted-syntax': 'off',
      'no-restricted-properties': [
        'error',
        {
          object: 'Math',
          property: 'random',
          message: 'Use Random(SEED), so that a failure can be repeated.',
        },
      ],
      // What tests look at a database with is no part of what they test.
      '@typescript-eslint/no-restricted-imports': 'off',
    },
  },
  {
    files: ['test/support/free-port.ts', 'test/rollout/sender.ts'], // decide nothing that is tested
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: [
      'src/platform/database/{database-client,database-options,deadline-pool}.ts',
      'src/operations/legacy-import/source.ts', // the old tables may be in a PostgreSQL of any version
    ],
    rules: { '@typescript-eslint/no-restricted-imports': 'off' },
  },
  {
    files: [
      'client/**/*.ts', // has no database
      'web/**/*.{ts,tsx}', // neither
      'bench/add-messages.ts', // fills a database, a million rows at a time
      'bench/reads.ts', // a thousand conversations
      'bench/search.ts', // a million messages
    ],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: [
      'src/features/messages/*.queries.ts',
      'src/operations/legacy-import/messages.queries.ts', // numbers what was said before, with its old times
      'src/features/erasure/erase-next-batch.queries.ts', // also where no server runs: of restored data
      'src/migrations/*.ts',
      'src/platform/database/transaction.ts',
      'src/platform/migrations/{session,lock-retries}.ts', // the schema is changed in transactions of its own kind
    ],
    rules: { 'no-restricted-syntax': ['error', ...oneClock] },
  },
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    languageOptions: {
      globals: {
        require: 'readonly',
        module: 'readonly',
        process: 'readonly',
        console: 'readonly',
        __dirname: 'readonly',
        setTimeout: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        fetch: 'readonly',
      },
    },
  },
);
