import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(__dirname, '../..');

/** Passes when `condition` does, which is evaluated in the test. */
const test = (name: string, condition: string) =>
  `test(${JSON.stringify(name)}, () => { if (!(${condition})) throw new Error('too early'); });`;
/** True from the second call of the same name on. */
const SECOND_TIME = `const { existsSync, writeFileSync } = require('node:fs');
const secondTime = (name) => existsSync(name) || writeFileSync(name, '');`;

describe('the stages of a run', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'xfchat-stages-'));
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    const reporter = join(root, 'scripts/ci/failed-tests-reporter.cjs');
    writeFileSync(
      join(folder, 'jest.config.js'),
      `module.exports = { displayName: 'tests', testRegex: 'spec\\\\.js$', reporters: ['default', ${JSON.stringify(reporter)}] };`,
    );
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const run = (stages: object[], specification = '', seed = '1') => {
    writeFileSync(join(folder, 'stages.mjs'), `export const STAGES = ${JSON.stringify(stages)};`);
    writeFileSync(join(folder, 'some.spec.js'), `${SECOND_TIME}\n${specification}`);
    const { status, stdout } = spawnSync(
      process.execPath,
      [join(root, 'scripts/ci/run-stages.mjs'), '--stages', 'stages.mjs'],
      { cwd: folder, encoding: 'utf8', env: { ...process.env, FORCE_COLOR: '0', SEED: seed } },
    );
    return { status, summary: stdout.slice(stdout.indexOf('== summary')) };
  };
  const JEST = { name: 'tests', command: 'npx jest', jest: true };

  it('passes when every stage passes', () => {
    const { status, summary } = run([JEST, { name: 'other', command: 'true' }], test('one', 'true'));
    expect(status).toBe(0);
    expect(summary).toContain('1 passed, 0 failed');
    expect(summary).not.toContain('FLAKY');
  });

  it('lists a test that passes at its second attempt as flaky, with its seed and its first failure', () => {
    const { status, summary } = run(
      [JEST],
      test('a (b) $c', `secondTime('first')`) + test('a', 'true'),
      '4711',
    );
    expect(status).toBe(0);
    expect(summary).toMatch(
      /FLAKY some\.spec\.js › a \(b\) \$c\n\s+seed: 4711\n\s+to repeat: SEED=4711 npx jest .*some\.spec\.js\n\s+Error: too early/,
    );
    expect(summary).toContain('2 passed, 0 failed');
  });

  it('fails when a test fails twice, and runs the stages after it', () => {
    const { status, summary } = run([JEST, { name: 'later', command: 'true' }], test('never', 'false'));
    expect(status).toBe(1);
    expect(summary).toMatch(/FAILED .* tests: failed twice: some\.spec\.js › never/);
    expect(summary).toMatch(/passed .* later/);
    expect(summary).toContain('0 passed, 1 failed');
  });

  it('fails when more than five tests are flaky', () => {
    const six = [1, 2, 3, 4, 5, 6]
      .map((number) => test(`test ${number}`, `secondTime('${number}')`))
      .join('\n');
    expect(run([JEST], six)).toMatchObject({ status: 1, summary: expect.stringContaining('6 tests failed') });
  });

  it('runs a file that could not be loaded once more', () => {
    const { status, summary } = run(
      [JEST],
      `if (!secondTime('load')) throw new Error('early');${test('one', 'true')}`,
    );
    expect(status).toBe(0);
    expect(summary).toContain('FLAKY some.spec.js › (the whole file)');
  });

  it('fails when a command fails that runs no tests, and when a test command runs none', () => {
    expect(run([{ name: 'check', command: 'false' }])).toMatchObject({ status: 1 });
    expect(run([{ ...JEST, command: 'true' }])).toMatchObject({
      status: 1,
      summary: expect.stringContaining('no test ran'),
    });
  });

  it('names a stage that cannot run on this machine, and passes', () => {
    const cannotRun = { name: 'browser', prepare: 'false', needsPreparation: true, command: 'false' };
    const { status, summary } = run([cannotRun, { name: 'later', command: 'true' }]);
    expect(status).toBe(0);
    expect(summary).toMatch(/NOT RUN .* browser: "false" failed\n/);
    expect(summary).toMatch(/passed .* later/);
  });

  it('runs a stage whose preparation failed, unless the stage needs it', () => {
    const { status, summary } = run([{ name: 'check', prepare: 'false', command: 'false' }]);
    expect(status).toBe(1);
    expect(summary).toMatch(/FAILED .* check: the command failed/);
  });

  it('knows every command that its stages name', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    for (const file of ['stages.mjs', 'nightly-stages.mjs']) {
      const source = readFileSync(join(root, 'scripts/ci', file), 'utf8');
      const named = [...source.matchAll(/npm (?:run )?(?:--silent )?((?:test|check)[\w:-]*)/g)].map(
        ([, name]) => name,
      );
      expect(named.length).toBeGreaterThan(5);
      expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named));
    }
  });
});
