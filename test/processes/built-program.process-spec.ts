import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { buildProgram } from '../../src/program';
import { outputOf } from '../support/xfchat-command';

const PROGRAM = join(__dirname, '../../dist/xfchat.js');

/** Loads the built program as `dist/cli.js` does, in a separate process. */
function readStart(): { rejected: boolean; files: string[] } {
  const program = `
    const { readFileSync } = require('node:fs');
    const { createRequire } = require('node:module');
    const { Script } = require('node:vm');
    const filename = ${JSON.stringify(PROGRAM)};
    const script = new Script(readFileSync(filename, 'latin1'), { filename, cachedData: readFileSync(filename + '.cache') });
    script.runInThisContext()(module.exports, createRequire(filename), module, filename, ${JSON.stringify(join(PROGRAM, '..'))});
    module.exports.readStart().then(() => {
      console.log(JSON.stringify({ rejected: script.cachedDataRejected, files: Object.keys(require.cache) }));
      process.exit(0);
    });`;
  return JSON.parse(execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' })) as ReturnType<
    typeof readStart
  >;
}

describe('the built program', () => {
  const { rejected, files } = readStart();

  it('has a code cache that V8 accepts', () => expect(rejected).toBe(false));

  it('reads only packages with binaries at the start, and has one copy of each module', () => {
    const packages = files.map((file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? file);
    expect(packages.filter((name) => !name.startsWith('@node-rs/'))).toEqual([]);
    expect(packages).toContain('@node-rs/argon2');
  });

  const check = (...words: string[]) =>
    spawnSync(process.execPath, [join(__dirname, '../../scripts/check-bundle.mjs'), ...words], {
      encoding: 'utf8',
    });

  it('looks for no unexpected file at run time', () =>
    expect(check()).toMatchObject({ status: 0, stderr: '' }));

  it.each([
    ["import('http')", 'import()'],
    ["require('a-package-that-nobody-has')", "require('a-package-that-nobody-has')"],
    ['require(name)', 'require() of a name that is not known'],
    ["(0, module.createRequire)('/')", 'createRequire()'],
    ["new Worker('worker.js')", 'new Worker()'],
    ["read(__dirname + '/texts.json')", '__dirname'],
    ["require.resolve('a-package')", 'require.resolve()'],
  ])('fails the check with a module that contains %s', (statement, lookup) => {
    const folder = mkdtempSync(join(tmpdir(), 'xfchat-bundle-'));
    const file = join(folder, 'bundle.js');
    const text = `(function (require, __dirname) {\nrequire('node:fs');\n// node_modules/a/b.js\n${statement};\n})`;
    writeFileSync(file, text);
    const { status, stderr } = check(file);
    rmSync(folder, { recursive: true });
    expect({ status, line: stderr.split('\n')[0] }).toEqual({
      status: 1,
      line: `node_modules/a/b.js: ${lookup}`,
    });
  });

  /** Processor time of a Node process in milliseconds. */
  function processorTimeOf(...words: string[]): number {
    const folder = mkdtempSync(join(tmpdir(), 'xfchat-usage-'));
    const hook = join(folder, 'hook.cjs');
    const report = join(folder, 'microseconds');
    const usage = '(({ user, system }) => String(user + system))(process.cpuUsage())';
    writeFileSync(
      hook,
      `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(report)}, ${usage}))`,
    );
    spawnSync(process.execPath, ['--require', hook, ...words]);
    const milliseconds = Number(readFileSync(report, 'utf8')) / 1_000;
    rmSync(folder, { recursive: true });
    return milliseconds;
  }

  // Such a command shall end within 300 ms. A loaded machine inflates processor time as well, but that of an empty program
  // just as much, so the limit is relative to it: about 40 ms on a machine where nothing else runs.
  it.each([
    '--help',
    '--version',
    'no-such-command',
    'user',
    'user no-such',
    'user --help',
    'backup restore',
    'migrate up --no-such',
  ])('takes less than seven times an empty program for a command without work: xfchat %s', (words) => {
    const program = join(__dirname, '../../bin/xfchat.js');
    const pairs = [1, 2, 3].map(() => ({
      empty: processorTimeOf('-e', '0'),
      command: processorTimeOf(program, ...words.split(' ')),
    }));
    const least = (name: 'empty' | 'command'): number => Math.min(...pairs.map((pair) => pair[name]));
    expect(least('command') / least('empty')).toBeLessThan(7);
  });

  // Commands are loaded when they run. Each must get as far as the database, which does not answer here, or to its own end.
  it('loads every command', async () => {
    const environment = { DATABASE_URL: 'postgres://x@127.0.0.1:9/x', DATABASE_START_TIMEOUT_MS: '0' };
    const failures: object[] = [];
    for (const words of commandLines(buildProgram())) {
      const { status, stderr } = await outputOf(environment, ...words);
      const expected = OTHER_ENDS[words.join(' ')] ?? 10;
      if (status !== expected || /ERR_|Cannot find/.test(stderr))
        failures.push({ words: words.join(' '), status, stderr });
    }
    expect(failures).toEqual([]);
  }, 120_000);
});

/** Commands that need no database, and their exit codes. */
const OTHER_ENDS: Record<string, number> = { 'backup list': 0, preflight: 30, 'watch something': 1 };

/** The words that run each command, with a value for each required argument. */
function commandLines(command: Command, words: string[] = []): string[][] {
  if (command.commands.length)
    return command.commands.flatMap((each) => commandLines(each, [...words, each.name()]));
  const given = command.registeredArguments.filter(({ required }) => required).map(() => 'something');
  return [[...words, ...given]];
}
