// Finds code in the bundle that would load other files at run time. Those files do not ship (docs/adr/0025), so such code works
// in the tests and fails in production. Usage: node scripts/check-bundle.mjs [FILE]
import { readFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { join } from 'node:path';
import { parseAst } from 'rolldown/parseAst';

const output = join(import.meta.dirname, '../dist');
const file = process.argv[2] ?? join(output, 'xfchat.js');
const requireFromOutput = createRequire(join(output, 'xfchat.js'));

/** Packages that may be absent: the modules that load them work without them. */
const OPTIONAL = new Map([
  ['pg-native', 'asked for by the getter `native` of pg, which nobody reads'],
  ['bufferutil', 'ws does the same in JavaScript'],
  ['utf-8-validate', 'ws does the same in JavaScript'],
  ['@nestjs/swagger', 'Terminus documents its routes with it; ours are documented otherwise'],
]);

/** Modules that load files by names known only at run time, and the reason why that is correct. */
const ACCOUNTED = new Map([
  ['src/platform/package-root.ts', 'looks upwards from the built file'],
  ['src/platform/sockets/tested-versions.ts', 'reads package.json of packages that are installed anyway'],
  ['src/platform/embedded-postgres/binaries.ts', 'packages with binaries stay outside'],
  [
    'node_modules/typeorm',
    'drivers of other databases, and entities named by paths; ours are given as classes',
  ],
  ['node_modules/fdir', 'finds out whether picomatch is there, for entities named by patterns'],
  ['node_modules/thread-stream', 'the threads of pino; ours writes to streams that we give it'],
  ['node_modules/pino/lib/transport.js', 'the threads of pino'],
  ['node_modules/socket.io', 'its own browser client, which is not served (`serveClient`)'],
  ['node_modules/express/lib/view.js', 'template engines; nothing is rendered here'],
  ['node_modules/@nestjs/terminus', 'indicators of services that we do not use'],
  ['node_modules/@nestjs/common/utils/load-package.util.js', 'every package we use is given by a function'],
  ['node_modules/@nestjs/core/helpers/optional-require.js', 'microservices, which are absent'],
  ['node_modules/@nestjs/core/helpers/load-adapter.js', 'the adapter is given by a function'],
]);

const source = readFileSync(file, 'latin1');
const moduleStarts = [...source.matchAll(/^\/\/ ((?:src|node_modules|dist)\/\S+)$/gm)];

/** The bundler names each module in a comment before its code. */
function moduleOf(position) {
  const found = moduleStarts.findLast(({ index }) => index < position);
  return found ? found[1].replace(/^dist\/(.*)\.js$/, 'src/$1.ts') : 'the beginning of the file';
}

const lookups = [];
function visit(node, parent) {
  const lookup = lookupOf(node, parent);
  if (lookup) lookups.push({ module: moduleOf(node.start), lookup });
  for (const child of Object.values(node).flat()) if (child?.type) visit(child, node);
}

/** @returns the file that the node loads, or null if it loads none or one that exists */
function lookupOf(node, parent) {
  if (node.type === 'ImportExpression') return 'import()';
  if (node.type === 'NewExpression' && node.callee.name === 'Worker') return 'new Worker()';
  if (node.type === 'CallExpression') return lookupOfCall(node);
  if (node.type !== 'Identifier' || !['__dirname', '__filename'].includes(node.name)) return null;
  const isParameter = parent.type === 'FunctionExpression' && parent.params.includes(node);
  return isParameter ? null : node.name;
}

function lookupOfCall({ callee, arguments: [first] }) {
  const name = callee.type === 'SequenceExpression' ? callee.expressions.at(-1) : callee;
  const called = name.property?.name ?? name.name;
  if (called === 'createRequire') return 'createRequire()';
  if (callee.name === 'Function' && String(first?.value).includes('import(')) return 'import() in a text';
  if (called === 'resolve' && callee.object?.name === 'require') return 'require.resolve()';
  if (callee.name !== 'require') return null;
  if (typeof first?.value !== 'string') return 'require() of a name that is not known';
  return isFound(first.value) ? null : `require('${first.value}')`;
}

function isFound(name) {
  if (isBuiltin(name) || OPTIONAL.has(name)) return true;
  try {
    return Boolean(requireFromOutput.resolve(name));
  } catch {
    return false;
  }
}

visit(parseAst(source, { lang: 'js', sourceType: 'script' }));
const accountOf = (module) => [...ACCOUNTED.keys()].find((prefix) => module.startsWith(prefix));
const unaccounted = lookups.filter(({ module, lookup }) => !accountOf(module) || lookup === 'import()');
for (const { module, lookup } of unaccounted) console.error(`${module}: ${lookup}`);
if (unaccounted.length) {
  console.error(
    'The bundled program cannot find these files at run time. Fix the code, or give the reason in ACCOUNTED.',
  );
  process.exit(1);
}
const counted = new Set(lookups.map(({ module }) => accountOf(module)));
const outdated = process.argv[2] ? [] : [...ACCOUNTED.keys()].filter((prefix) => !counted.has(prefix));
if (outdated.length) {
  console.error(`These modules load no files any more; remove them from ACCOUNTED: ${outdated.join(', ')}`);
  process.exit(1);
}
console.log(
  `${lookups.length} file look-ups of ${counted.size} packages and modules have a reason in ACCOUNTED`,
);
