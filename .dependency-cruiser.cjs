/**
 * The module graph (see ARCHITECTURE.md). A feature may use the platform and the features below it:
 *   platform ← watch, legacy, integrity, erasure ← backups ← monitoring, preflight; platform ← users ← contacts, authentication, participation ← messages
 *   ← conversations ← friends, catch-up, erasing ← connections ← braid, health ← documents, browser-client ← root
 */
const ORDER = [
  'platform',
  'watch',
  'legacy',
  'integrity',
  'erasure',
  'backups',
  'monitoring',
  'preflight',
  'users',
  'contacts',
  'authentication',
  'participation',
  'messages',
  'conversations',
  'friends',
  'catch-up',
  'erasing',
  'connections',
  'braid',
  'health',
  'documents',
  'browser-client',
];

const upward = ORDER.map((folder, index) => ({
  name: `${folder}-knows-nothing-above-it`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: {
    path: `^src/(${[...ORDER.slice(index + 1), 'command-line'].join('|')})/|^src/(app\\.module|application|drain|serve|start|run|cli|schema|database-source)\\.ts$`,
  },
}));

module.exports = {
  forbidden: [
    ...upward,
    {
      name: 'no-cycles',
      comment: 'Types included: what is in a circle is read, and moved, as one thing.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'one-door-for-messages',
      comment: 'Only the writer calls appendMessages; everybody else asks the writer.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/messages/message-writer\\.ts$' },
      to: { path: '^src/messages/append-messages\\.queries\\.ts$', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'services-do-not-know-the-edge',
      comment: 'HTTP and sockets call services, not the other way round.',
      severity: 'error',
      from: { path: '\\.(service|queries|entity|events)\\.ts$' },
      to: { path: '\\.(controller|gateway|guard)\\.ts$' },
    },
    {
      name: 'migrations-stand-alone',
      comment:
        'A migration does the same for ever. Only the type that changes of rows have comes from elsewhere.',
      severity: 'error',
      from: { path: '^src/migrations/' },
      to: { path: '^src/', pathNot: '^src/migrations/|^src/platform/migrations/data-migration\\.ts$' },
    },
    {
      name: 'nothing-imports-tests',
      severity: 'error',
      from: { path: '^(src|client|web)/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^test/|\\.spec\\.ts$' },
    },
    {
      name: 'server-and-client-meet-on-the-wire-only',
      severity: 'error',
      from: { path: '^(src|client)/' },
      to: { path: '^(src|client|web)/', pathNot: '^$1/' },
    },
    {
      name: 'the-browser-client-uses-what-all-clients-have',
      severity: 'error',
      from: { path: '^web/' },
      to: { path: '^(src|client)/', pathNot: '^client/src/(index|indexed-db-storage)\\.ts$' },
    },
    {
      name: 'the-client-runs-in-browsers',
      comment: 'Only the storage in files, an entry of its own, is for Node.',
      severity: 'error',
      from: { path: '^(client|web)/', pathNot: '\\.spec\\.ts$|^client/src/file-storage\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'declared-dependencies-only',
      severity: 'error',
      from: { path: '^(src|client|web)/', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    exclude: { path: '\\.spec\\.ts$' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.cjs', '.json'],
      conditionNames: ['@xfchat/source', 'import', 'require', 'node', 'default', 'types'],
    },
  },
};
