/** The module graph: see `.module-matrix.cjs` and ARCHITECTURE.md. */
const { MODULES, SHARED_ROOT_FILES } = require('./.module-matrix.cjs');

const folderOf = Object.fromEntries(MODULES.map(({ name, folder }) => [name, folder]));

const matrix = MODULES.map(({ name, folder, imports }) => {
  const folders = [folder, ...imports.map((other) => folderOf[other])];
  const files = (SHARED_ROOT_FILES[name] ?? []).map((file) => `${file}\\.ts$`);
  const allowed = ['platform/', ...folders.map((each) => `${each}/`), ...files].join('|');
  return {
    name: `${name}-imports-what-the-matrix-allows`,
    severity: 'error',
    from: { path: `^src/${folder}/` },
    to: { path: '^src/', pathNot: `^src/(${allowed})` },
  };
});

module.exports = {
  forbidden: [
    ...matrix,
    {
      name: 'platform-knows-no-feature',
      severity: 'error',
      from: { path: '^src/platform/' },
      to: { path: '^src/', pathNot: '^src/platform/' },
    },
    {
      name: 'every-module-is-in-the-matrix',
      severity: 'error',
      from: {
        path: `^src/[^/]+/`,
        pathNot: `^src/(platform|migrations|${MODULES.map(({ folder }) => folder).join('|')})/`,
      },
      to: {},
    },
    {
      name: 'no-cycles',
      comment: 'Types included: what is in a circle is read, and moved, as one thing.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'only-the-writer-stores-messages',
      comment: 'Only the writer calls appendMessages; everybody else asks the writer.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/features/messages/message-writer\\.ts$' },
      to: {
        path: '^src/features/messages/append-messages\\.queries\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
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
