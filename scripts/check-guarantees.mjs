// `npm run check:guarantees [-- <folder>]`: docs/guarantees.md and the tests name each other. Fails when
// - a rule has no test, or names a file or a test title that does not exist;
// - a test does not cite the rule that names it, or cites a rule that does not name it;
// - anything cites a number that is not defined, or a document that is not in this repository.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import typescript from 'typescript';

const root = process.argv[2] ?? join(import.meta.dirname, '..');
const DOCUMENT = 'docs/guarantees.md';
const PLACES = ['src', 'test', 'client', 'web', 'docs', 'bench', 'deploy'];
const PAGES = ['README.md', 'CONTRIBUTING.md', 'ARCHITECTURE.md', 'SECURITY.md'];
const FOREIGN = /(^|\/)(node_modules|dist)\//;
const TEXT = /\.(ts|tsx|js|mjs|cjs|md|sql)$/;
/** The earlier numbering was I0 … I12. */
const CITATION = /\b[GI]\d{1,2}\b/g;
const RETIRED = /contract §/;

const faults = [];
const read = (path) => readFileSync(join(root, path), 'utf8');

/** `Map` of rule → the tests that it names. */
function rulesOf(text) {
  const rules = new Map();
  let named;
  for (const line of text.split('\n')) {
    const heading = /^### (G\d+)\. /.exec(line);
    if (heading) {
      if (rules.has(heading[1])) faults.push(`${DOCUMENT}: ${heading[1]} is defined twice`);
      rules.set(heading[1], (named = []));
    }
    const test = /^- `([^`]+)`: "(.+)"$/.exec(line);
    if (test && named) named.push({ path: test[1], title: test[2] });
    else if (named && line.startsWith('- ')) faults.push(`${DOCUMENT}: cannot read "${line}"`);
  }
  return rules;
}

/** The tests of a file: their title, `${…}` as `…`, and the rules that the title or the comment above it cites. */
function testsOf(path) {
  const text = read(path);
  const source = typescript.createSourceFile(path, text, typescript.ScriptTarget.Latest, true);
  const tests = [];
  const visit = (node) => {
    const statement = node.parent;
    if (
      typescript.isCallExpression(node) &&
      /^(it|test|describe)\b/.test(node.expression.getText(source)) &&
      typescript.isExpressionStatement(statement)
    ) {
      const title = titleOf(node.arguments[0], source);
      const comments = text.slice(statement.getFullStart(), statement.getStart(source));
      if (title !== undefined)
        tests.push({ title, cites: `${title} ${comments}`.match(/\bG\d{1,2}\b/g) ?? [] });
    }
    typescript.forEachChild(node, visit);
  };
  visit(source);
  return tests;
}

function titleOf(argument, source) {
  if (!argument) return undefined;
  if (typescript.isStringLiteralLike(argument)) return argument.text;
  if (!typescript.isTemplateExpression(argument)) return undefined;
  return argument
    .getText(source)
    .slice(1, -1)
    .replace(/\$\{[^}]*\}/g, '…');
}

const rules = rulesOf(read(DOCUMENT));
if (rules.size === 0) faults.push(`${DOCUMENT}: defines no rule`);

const known = new Map();
const testsIn = (path) => known.get(path) ?? known.set(path, testsOf(path)).get(path);

for (const [rule, named] of rules) {
  if (named.length === 0) faults.push(`${rule} names no test`);
  for (const { path, title } of named) {
    if (!existsSync(join(root, path))) {
      faults.push(`${rule} names ${path}, which does not exist`);
      continue;
    }
    const found = testsIn(path).filter((test) => test.title === title);
    if (found.length === 0) faults.push(`${rule} names "${title}", which is no test of ${path}`);
    else if (!found.some(({ cites }) => cites.includes(rule)))
      faults.push(`${path}: the test "${title}" does not cite ${rule}, which names it`);
  }
}

const files = PLACES.filter((place) => existsSync(join(root, place))).flatMap((place) =>
  readdirSync(join(root, place), { recursive: true }).map((path) => `${place}/${path}`),
);
for (const path of [...files, ...PAGES]) {
  if (!TEXT.test(path) || FOREIGN.test(path) || !existsSync(join(root, path))) continue;
  const text = read(path);
  text.split('\n').forEach((line, index) => {
    const place = `${path}:${index + 1}`;
    for (const number of line.match(CITATION) ?? [])
      if (!rules.has(number)) faults.push(`${place} cites ${number}, which ${DOCUMENT} does not define`);
    if (RETIRED.test(line)) faults.push(`${place} cites a document that is not in this repository`);
  });
  if (!/[.-]spec\.tsx?$/.test(path) && !known.has(path)) continue;
  for (const { title, cites } of /\bG\d/.test(text) ? testsIn(path) : [])
    for (const rule of cites)
      if (!rules.get(rule)?.some((named) => named.path === path && named.title === title))
        faults.push(`${path}: the test "${title}" cites ${rule}, which does not name it`);
}

for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
