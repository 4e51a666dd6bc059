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

  it('reports a sentence that is too long', () => {
    expect(check('src/file.ts', `// One${' word'.repeat(60)}. Short.\n`)).toEqual([
      'src/file.ts:1 a sentence of 61 words; at most 60 are allowed',
    ]);
    expect(check('src/file.ts', `// One${' word'.repeat(59)}. Short.\n`)).toEqual([]);
  });

  it('reports a sentence without a subject in the folders that are finished', () => {
    const source = '/** Kept. What the server says of itself. What is it called here? */\n';
    expect(check('src/features/file.ts', source)).toEqual([]);
    expect(check('web/src/file.tsx', source)).toEqual([
      'web/src/file.tsx:1 "What the server says of itself." has no subject',
    ]);
  });
});
