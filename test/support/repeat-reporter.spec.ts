import { join } from 'node:path';
import PROVEN_SEEDS from './proven-seeds.json';

interface Result {
  readonly displayName?: { readonly name: string };
  readonly testFilePath: string;
}
// eslint-disable-next-line @typescript-eslint/no-require-imports -- Jest loads it as CommonJS
const Reporter = require('./repeat-reporter') as new () => { commandFor(result: Result): string };

describe('the command that repeats a failure', () => {
  const { SEED, SEEDS } = process.env;
  afterEach(() => {
    for (const [name, value] of Object.entries({ SEED, SEEDS }))
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
  });

  /** The seeds that a run of `command` draws from. */
  function seedsOf(command: string): readonly number[] {
    for (const name of ['SEED', 'SEEDS']) delete process.env[name];
    for (const [, name, value] of command.matchAll(/(SEEDS?)=(\d+) /g)) process.env[name!] = value;
    let seeds: readonly number[] = [];
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- again, with another environment
    jest.isolateModules(() => ({ SEEDS: seeds } = require('./random')));
    return seeds;
  }

  it.each<[environment: Record<string, string>, seeds: number[]]>([
    [{}, PROVEN_SEEDS],
    [{ SEED: '7' }, [7]],
    [{ SEEDS: '2' }, [PROVEN_SEEDS[0]!, PROVEN_SEEDS[0]! + 1]],
    [{ SEED: '7', SEEDS: '3' }, [7, 8, 9]],
  ])('makes the same choices as a run with %j', (environment, seeds) => {
    for (const name of ['SEED', 'SEEDS']) delete process.env[name];
    Object.assign(process.env, environment);
    const file = join(process.cwd(), 'test/messages.e2e-spec.ts');
    const command = new Reporter().commandFor({ displayName: { name: 'end-to-end' }, testFilePath: file });
    expect(command).toMatch(
      /npx jest --selectProjects end-to-end --runInBand --testPathPatterns test\/messages\.e2e-spec\.ts$/,
    );
    expect(seedsOf(command)).toEqual(seeds);
  });

  it('names no project for a file that could not be loaded, because Jest knows none', () => {
    const command = new Reporter().commandFor({
      testFilePath: join(process.cwd(), 'test/messages.e2e-spec.ts'),
    });
    expect(command).toMatch(/npx jest --runInBand --testPathPatterns test\/messages\.e2e-spec\.ts$/);
  });
});
