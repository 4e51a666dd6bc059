import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ROOT = join(__dirname, '../..');
// The numbers are put together here, so that the check does not find them in this file.
const UNDEFINED = ['G', '98'].join('');
const EARLIER = ['I', '3'].join('');
const ELSEWHERE = ['contract', '§3'].join(' ');

const rule = (number: string, ...tests: string[]): string =>
  `### ${number}. Kept\n\nIt is kept.\n\n${tests.map((test) => `- ${test}\n`).join('')}\n`;
const [first, second, third] = [1, 2, 3].map((number) => `G${number}`) as [string, string, string];

describe('the check of docs/guarantees.md', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'xfchat-guarantees-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  function check(files: Record<string, string>): { status: number | null; faults: string[] } {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), text);
    }
    const script = join(ROOT, 'scripts/check-guarantees.mjs');
    const { status, stderr } = spawnSync(process.execPath, [script, directory], { encoding: 'utf8' });
    return { status, faults: stderr.split('\n').filter(Boolean) };
  }

  it('passes rules whose tests cite them, in the title or in the comment above', () => {
    const tests = [
      `// Tests ${first}.\nit('by a comment', () => undefined);`,
      `describe('inside', () => {\n  it('${second}: by its title', () => undefined);\n});`,
      `// Tests ${first}, ${second}.\nit.each([1])(\n  'as a table',\n  () => undefined,\n);`,
      `// Tests ${first}.\nit(\`with a seed (SEED=\${SEED})\`, () => undefined);`,
    ];
    const named = (title: string): string => `\`test/kept.spec.ts\`: "${title}"`;
    const document =
      rule(first, named('by a comment'), named('as a table'), named('with a seed (SEED=…)')) +
      rule(second, named(`${second}: by its title`), named('as a table'));
    expect(check({ 'docs/guarantees.md': document, 'test/kept.spec.ts': tests.join('\n') })).toEqual({
      status: 0,
      faults: [],
    });
  });

  it('reports a document without rules', () => {
    expect(check({ 'docs/guarantees.md': '# Guarantees\n' })).toEqual({
      status: 1,
      faults: ['docs/guarantees.md: defines no rule'],
    });
  });

  it('reports every citation without a counterpart', () => {
    const document =
      rule(first, '`test/kept.spec.ts`: "keeps it"', '`test/lost.spec.ts`: "keeps it"', 'some test') +
      rule(second, '`test/kept.spec.ts`: "keeps it"', '`test/kept.spec.ts`: "loses it"') +
      rule(third) +
      rule(third, '`test/kept.spec.ts`: "third"');
    const { status, faults } = check({
      'docs/guarantees.md': document,
      'test/kept.spec.ts': `// Tests ${first}.\nit('keeps it', () => undefined);\n// Tests ${third}.\nit('third', () => 0);`,
      'test/other.spec.ts': `// Tests ${first}.\nit('keeps it', () => undefined);\n`,
      'src/code.ts': `// ${UNDEFINED}\n// ${ELSEWHERE}\n`,
      'client/README.md': `see ${EARLIER}\n`,
      'client/node_modules/package/README.md': UNDEFINED,
    });
    expect(status).toBe(1);
    expect(faults.sort()).toEqual(
      [
        `docs/guarantees.md: ${third} is defined twice`,
        'docs/guarantees.md: cannot read "- some test"',
        `${first} names test/lost.spec.ts, which does not exist`,
        `test/kept.spec.ts: the test "keeps it" does not cite ${second}, which names it`,
        `${second} names "loses it", which is no test of test/kept.spec.ts`,
        `test/other.spec.ts: the test "keeps it" cites ${first}, which does not name it`,
        `src/code.ts:1 cites ${UNDEFINED}, which docs/guarantees.md does not define`,
        'src/code.ts:2 cites a document that is not in this repository',
        `client/README.md:1 cites ${EARLIER}, which docs/guarantees.md does not define`,
      ].sort(),
    );
  });

  it('reports a rule without a test', () => {
    expect(check({ 'docs/guarantees.md': rule(first) })).toEqual({
      status: 1,
      faults: [`${first} names no test`],
    });
  });
});
