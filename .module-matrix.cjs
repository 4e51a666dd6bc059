/**
 * Which module may import which. The rules of `npm run check:graph` and the diagram in ARCHITECTURE.md are made from this
 * file. Every module may import the platform; beyond that it may import the modules that it lists, and nothing else,
 * types included. The files directly in `src` put the modules together: they may import everything.
 */
const WINGS = {
  platform: { purpose: 'the base of every module; it knows no feature' },
  features: {
    purpose: 'the functions that people use, and their tables',
    modules: {
      users: [],
      relationships: ['users'],
      authentication: ['users'],
      membership: ['users'],
      messages: ['users', 'relationships', 'membership'],
      attachments: ['users', 'authentication', 'messages'],
      conversations: ['users', 'relationships', 'membership', 'messages'],
      search: ['membership', 'messages'],
      friends: ['users', 'relationships', 'membership', 'messages', 'conversations'],
      presence: ['users', 'membership', 'messages', 'conversations', 'friends'],
      'catch-up': ['membership', 'messages', 'conversations'],
      erasure: ['users', 'authentication', 'membership', 'messages', 'conversations', 'friends'],
    },
  },
  delivery: {
    purpose: 'the interfaces beside the REST API: live events, Braid, the documents, the browser client',
    modules: {
      sockets: ['authentication', 'membership'],
      braid: ['authentication', 'membership', 'messages', 'conversations', 'friends', 'catch-up'],
      documents: [],
      'browser-client': [],
    },
  },
  observability: {
    purpose: 'the state of the server, for operators and probes',
    modules: {
      health: ['users', 'authentication', 'membership', 'conversations'],
      monitoring: [],
    },
  },
  operations: {
    purpose: 'the commands that operators run beside the server; no feature imports it',
    modules: {
      integrity: ['attachments'],
      backups: ['attachments', 'erasure', 'integrity'],
      'legacy-import': [],
      preflight: ['integrity', 'backups'],
      watch: [],
      'command-line': [
        'users',
        'authentication',
        'attachments',
        'integrity',
        'backups',
        'legacy-import',
        'preflight',
        'watch',
      ],
    },
  },
};

/** Files directly in `src` that modules may import as well: the list of all entities and migrations. */
const SHARED_ROOT_FILES = { 'command-line': ['schema'] };

const MODULES = Object.entries(WINGS).flatMap(([wing, { modules = {} }]) =>
  Object.entries(modules).map(([name, imports]) => ({ wing, name, imports, folder: `${wing}/${name}` })),
);

module.exports = { WINGS, MODULES, SHARED_ROOT_FILES };
