import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { LineBuffer } from './line-buffer';

describe('lines of a log', () => {
  it('are written in order, once per event-loop turn, or earlier if they are many', async () => {
    const writes: string[] = [];
    const buffer = new LineBuffer({ write: (text) => writes.push(text) });
    buffer.write('one\n');
    buffer.write('two\n');
    expect(writes).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(writes).toEqual(['one\ntwo\n']);
    buffer.write('x'.repeat(70_000));
    expect(writes).toHaveLength(2);
    await new Promise((resolve) => setImmediate(resolve));
    expect(writes).toHaveLength(2);
    expect(process.listeners('exit')).not.toContain(buffer.flush);
  });

  it('are written when the process exits', () => {
    const program = `const { LineBuffer } = require(${JSON.stringify(join(__dirname, 'line-buffer'))});
      new LineBuffer().write('the last line\\n'); process.exit(0);`;
    const run = spawnSync(process.execPath, ['-r', '@swc-node/register', '-e', program], {
      encoding: 'utf8',
    });
    expect(run).toMatchObject({ status: 0, stdout: 'the last line\n' });
  });
});
