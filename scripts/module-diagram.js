// `npm run diagram`: draws the modules into ARCHITECTURE.md from .module-matrix.cjs. With --check it writes nothing, and fails
// when the diagram is out of date, when modules import each other in a circle, or when an allowed import is not used.
const { readFileSync, readdirSync, writeFileSync } = require('node:fs');
const { dirname, join, relative } = require('node:path');
const { MODULES, WINGS } = require('../.module-matrix.cjs');

const project = join(__dirname, '..');
const document = join(project, 'ARCHITECTURE.md');
const BEGIN = '<!-- modules: npm run diagram -->\n';
const END = '<!-- end of modules -->';

const idOf = (name) => name.replace(/-/g, '_');

/** Leaves out imports that follow from others, so that the picture stays readable. */
function reduced({ imports }) {
  const reach = (name, seen = new Set()) => {
    for (const next of MODULES.find((each) => each.name === name).imports)
      if (!seen.has(next)) reach(next, seen.add(next));
    return seen;
  };
  return imports.filter((name) => !imports.some((other) => other !== name && reach(other).has(name)));
}

function diagram() {
  const wings = Object.entries(WINGS).map(([wing, { modules }]) =>
    modules
      ? [
          `  subgraph ${wing}`,
          ...Object.keys(modules).map((name) => `    ${idOf(name)}[${name}]`),
          '  end',
        ].join('\n')
      : `  ${wing}[(platform: every module)]`,
  );
  const arrows = MODULES.flatMap((each) =>
    reduced(each).map((name) => `  ${idOf(each.name)} --> ${idOf(name)}`),
  );
  const purposes = Object.entries(WINGS).map(([wing, { purpose }]) => `- \`src/${wing}\`: ${purpose}.`);
  return `${BEGIN}\n${purposes.join('\n')}\n\n\`\`\`mermaid\nflowchart BT\n${[...wings, ...arrows].join('\n')}\n\`\`\`\n\n${END}`;
}

function circle() {
  const visit = (name, path) => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    for (const next of MODULES.find((each) => each.name === name).imports) {
      const found = visit(next, [...path, name]);
      if (found) return found;
    }
    return undefined;
  };
  for (const { name } of MODULES) {
    const found = visit(name, []);
    if (found) return [`modules import each other in a circle: ${found.join(' → ')}`];
  }
  return [];
}

function sourcesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sourcesIn(path);
    return /\.ts$/.test(entry.name) && !/\.spec\.ts$/.test(entry.name) ? [path] : [];
  });
}

function unused({ name, folder, imports }) {
  const used = new Set(
    sourcesIn(join(project, 'src', folder)).flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/(?:from|import\() ?'(\.[^']+)'/g)].map(([, path]) =>
        relative(join(project, 'src'), join(dirname(file), path))
          .split('/')
          .slice(0, 2)
          .join('/'),
      ),
    ),
  );
  const foldersOf = (other) => MODULES.find((each) => each.name === other).folder;
  return imports
    .filter((other) => !used.has(foldersOf(other)))
    .map((other) => `.module-matrix.cjs lets ${name} import ${other}, which it does not`);
}

const text = readFileSync(document, 'utf8');
const written = text.replace(new RegExp(`${BEGIN}[^]*?${END}`), diagram);
if (process.argv.includes('--check')) {
  const faults = [...circle(), ...MODULES.flatMap(unused)];
  if (written !== text) faults.push('ARCHITECTURE.md does not show the modules as they are: npm run diagram');
  if (!text.includes(BEGIN)) faults.push('ARCHITECTURE.md has no place for the modules');
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length > 0 ? 1 : 0;
} else writeFileSync(document, written);
