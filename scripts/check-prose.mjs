// `npm run check:prose [-- <folder>]` checks the prose of documents and comments. It rejects the words that docs/glossary.md lists,
// sentences that are too long, and sentences without a subject ("What …", "Who …"). It skips code.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import typescript from 'typescript';

const root = process.argv[2] ?? join(import.meta.dirname, '..');
const GLOSSARY = 'docs/glossary.md';
const PLACES = ['docs', 'src', 'client/src', 'web/src', 'scripts', 'bench'];
const PAGES = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'client/README.md'];
/** Decisions and applied migrations are not edited. The glossary names the rejected words. */
const SKIPPED = /^docs\/(adr\/|glossary\.md)|^src\/migrations\/|\/dist\//;
/** The most words of a sentence. Never raise it. */
const LONGEST = 25;
/** A relative clause instead of a sentence. Questions are allowed, and so are headings of up to three words. */
const WITHOUT_SUBJECT = /^(What|Who|Whom|Whose|Whoever|Whatever)( \S+){3,}(?<!\?)$/;

/** The rows of the table "Rejected words": a pattern, and the words to write instead. */
function rejectedWords() {
  const [, section = ''] = readFileSync(join(root, GLOSSARY), 'utf8').split('## Rejected words');
  const rows = [...section.split('\n## ')[0].matchAll(/^\| ([^|]+) \| ([^|]+) \|$/gm)].slice(2);
  if (rows.length === 0) throw new Error(`${GLOSSARY} has no table of rejected words`);
  return rows.map(([, words, instead]) => ({
    pattern: new RegExp(`\\b(${words.trim().replaceAll(', ', '|')})\\b`, 'i'),
    instead: instead.trim(),
  }));
}

/** Paragraphs of a Markdown document, with the line that each begins on. */
function paragraphsOfDocument(text) {
  const paragraphs = [];
  let isCode = false;
  let isOpen = false;
  text.split('\n').forEach((line, index) => {
    if (/^\s*```/.test(line)) isCode = !isCode;
    const isText = !isCode && /\S/.test(line) && !/^\s*(```|#)/.test(line);
    if (!isText) return void (isOpen = false);
    const isRow = /^\s*\|/.test(line);
    const cells = isRow ? line.split('|').filter((cell) => cell.trim()) : [line];
    for (const cell of cells) {
      const begins = !isOpen || isRow || /^\s*([-*]|\d+\.) /.test(line);
      if (begins) paragraphs.push({ line: index + 1, text: '' });
      paragraphs.at(-1).text += ` ${cell.replace(/^\s*([-*]|\d+\.) /, '').trim()}`;
    }
    isOpen = !isRow;
  });
  return paragraphs;
}

/** Paragraphs of the comments in a program. */
function paragraphsOfProgram(path, text) {
  const source = typescript.createSourceFile(path, text, typescript.ScriptTarget.Latest, true);
  const comments = new Map();
  const visit = (node) => {
    const found = [
      ...(typescript.getLeadingCommentRanges(text, node.getFullStart()) ?? []),
      ...(typescript.getTrailingCommentRanges(text, node.end) ?? []),
    ];
    if (node.kind !== typescript.SyntaxKind.JsxText)
      for (const range of found) comments.set(range.pos, range);
    typescript.forEachChild(node, visit);
  };
  visit(source);
  return [...comments.values()].flatMap(({ pos, end }) => {
    const line = source.getLineAndCharacterOfPosition(pos).line + 1;
    const words = text
      .slice(pos, end)
      .replace(/^\/\*+|\*\/$/g, '')
      .replace(/^\s*(\*|\/\/) ?/gm, '');
    return words
      .split(/\n\s*\n|^\s*@\w*|^\s*- |^ {2,}(?=\S)/m)
      .map((paragraph) => ({ line, text: paragraph }));
  });
}

const sentencesOf = (text) =>
  text
    .replace(/`[^`]*`/g, 'X')
    .replace(/\]\([^)]*\)/g, ']')
    .replace(/\s+/g, ' ')
    .trim()
    .split(/(?<=[.!?:;])\s+(?=[A-Z["])/);

const REJECTED = rejectedWords();
function faultsOf(sentence) {
  const faults = REJECTED.flatMap(({ pattern, instead }) => {
    const found = pattern.exec(sentence);
    return found ? [`"${found[0]}": write ${instead}`] : [];
  });
  const length = sentence.split(' ').filter((word) => /\w/.test(word)).length;
  if (length > LONGEST) faults.push(`a sentence of ${length} words; at most ${LONGEST} are allowed`);
  if (WITHOUT_SUBJECT.test(sentence)) faults.push(`"${sentence}" has no subject`);
  return faults;
}

const files = PLACES.filter((place) => existsSync(join(root, place))).flatMap((place) =>
  readdirSync(join(root, place), { recursive: true }).map((path) => `${place}/${path}`),
);
for (const path of [...files, ...PAGES]) {
  if (!/\.(md|ts|tsx|mjs|cjs|js)$/.test(path) || SKIPPED.test(path) || !existsSync(join(root, path)))
    continue;
  const text = readFileSync(join(root, path), 'utf8');
  const paragraphs = path.endsWith('.md') ? paragraphsOfDocument(text) : paragraphsOfProgram(path, text);
  for (const { line, text: paragraph } of paragraphs)
    for (const fault of sentencesOf(paragraph).flatMap(faultsOf)) {
      console.error(`${path}:${line} ${fault}`);
      process.exitCode = 1;
    }
}
