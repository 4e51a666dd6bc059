import { CASES } from './cases';
import { SmallServer, type Defect } from './support/small-server';
import { anyServer } from './target';

/** The cases that a server fails, by the beginnings of their names. */
async function failuresOf(defect: Defect | undefined, names: readonly string[]): Promise<string[]> {
  const server = await SmallServer.start(defect);
  const failures: string[] = [];
  try {
    for (const { name, run } of CASES.filter((one) => names.some((start) => one.name.startsWith(start))))
      await run(anyServer(server.url, {})).catch(() => failures.push(name));
  } finally {
    await server.close();
  }
  return failures;
}

describe('the conformance suite', () => {
  it('passes a correct server', async () => {
    expect(await failuresOf(undefined, [''])).toEqual([]);
  });

  it.each<[Defect, string]>([
    ['status 200', 'a subscription tells every edit'],
    ['no length', 'a subscription tells every edit'],
    ['length in characters', 'lengths are bytes'],
    ['comment heartbeats', 'heartbeats are blank lines'],
    ['heartbeats unasked', 'heartbeats are blank lines'],
    ['dropped parents', 'a subscription tells every edit'],
    ['dropped parents', 'a reader that was cut off'],
    ['snapshot instead of resuming', 'Parents resumes'],
    ['repeated edits are told again', 'the same PUT again'],
    ['stale edits are taken', 'of twenty PUTs'],
    ['unknown parents are conflicts', 'a PUT based on an older version'],
    ['old states are forgotten', 'GET with Version'],
    ['status lines', 'a subscription tells every edit'],
  ])('fails a server with this defect: %s (%s)', async (defect, name) => {
    expect(await failuresOf(defect, [name])).toEqual([expect.stringContaining(name)]);
  });
});
