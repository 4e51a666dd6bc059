import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const PROGRAM = join(__dirname, '../../dist/xfchat.js');

/** Reads the built program as `dist/cli.js` does, in a process of its own. */
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
});
