import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const GLOSSARY =
  '## Rejected words\n\n| Rejected | Write |\n| --- | --- |\n| farewell, gone on with | continue |\n';

describe('check:prose', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'xfchat-prose-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** @returns what the check reports of a project with this file */
  function check(path: string, text: string): string[] {
    for (const [name, content] of Object.entries({ 'docs/glossary.md': GLOSSARY, [path]: text })) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
    const script = join(__dirname, 'check-prose.mjs');
    const { status, stderr } = spawnSync(process.execPath, [script, folder], { encoding: 'utf8' });
    const faults = stderr.split('\n').filter(Boolean);
    expect(status).toBe(faults.length > 0 ? 1 : 0);
    return faults;
  }

  it('reports rejected words in documents, also across lines, with the word to write', () => {
    expect(check('docs/page.md', '# Page\n\nThe erasure is gone\non with.\n')).toEqual([
      'docs/page.md:3 "gone on with": write continue',
    ]);
  });

  it('reports rejected words in comments, and leaves code and strings alone', () => {
    const source = "const farewell = 'farewell'; // A farewell.\n/** No `farewell` here. */\n";
    expect(check('src/file.ts', source)).toEqual(['src/file.ts:1 "farewell": write continue']);
  });

  it('leaves code in documents alone', () => {
    expect(check('docs/page.md', 'Call `farewell`:\n\n```\nfarewell();\n```\n')).toEqual([]);
  });

  it('reports a sentence of more than 25 words, in every folder', () => {
    const sentence = (words: number): string => `// One${' word'.repeat(words - 1)}. Short.\n`;
    expect(check('src/file.ts', sentence(26))).toEqual([
      'src/file.ts:1 a sentence of 26 words; at most 25 are allowed',
    ]);
    expect(check('src/file.ts', sentence(25))).toEqual([]);
    expect(check('bench/file.ts', sentence(26))).toHaveLength(1);
  });

  it('counts the cells of a table one by one, also where it is indented', () => {
    const cell = ' word'.repeat(25);
    expect(check('docs/page.md', `1. Steps\n\n   |${cell} |${cell} |${cell} |\n`)).toEqual([]);
  });

  it.each([
    'What others see of the presence.',
    'Who has sent a message does not type it.',
    'Whoever has no key gets nothing.',
    'Whose account was erased is found.',
  ])('reports "%s", which has no subject', (sentence) => {
    expect(check('src/features/file.ts', `/** Kept. ${sentence} */\n`)).toEqual([
      `src/features/file.ts:1 "${sentence}" has no subject`,
    ]);
  });

  it('reads documents for sentences without a subject as well', () => {
    expect(check('docs/page.md', 'Whatever it loses is lost.\n')).toEqual([
      'docs/page.md:1 "Whatever it loses is lost." has no subject',
    ]);
  });

  it('allows questions and short headings', () => {
    expect(check('src/file.ts', '/** What is it called here? */\n')).toEqual([]);
    expect(check('docs/page.md', '| What to do | Who waits |\n')).toEqual([]);
  });
});
