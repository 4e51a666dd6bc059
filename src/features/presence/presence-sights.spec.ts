import { PresenceDirectory } from './presence-directory';
import { PresenceSights } from './presence-sights';
import { PresenceWatches } from './presence-watches';

/** A socket that watches Ben, and a database that answers when the test says so. */
function bench() {
  const metrics = { counter: () => ({ inc: () => undefined }), gauge: () => undefined };
  const watches = new PresenceWatches(new PresenceDirectory(), { isLive: true } as never, metrics as never);
  const answers: ((through: string) => void)[] = [];
  const query = (_statement: string, [, userIds]: [unknown, string[]]): Promise<unknown> =>
    new Promise((resolve) =>
      answers.push((through) =>
        resolve(userIds.map((_userId, place) => ({ place, through, lastSeenAt: null }))),
      ),
    );
  const sights = new PresenceSights({ query } as never, watches);
  const watch = () =>
    watches.replace({ id: 'socket', emit: () => undefined } as never, 'ada', ['ben'], () => false);
  const turn = (): Promise<void> => new Promise(setImmediate);
  return { watches, sights, answers, watch, turn };
}

describe('the question of who sees whom', () => {
  it('is answered after a second query overtakes the first one, without a third', async () => {
    const { sights, answers, watch, turn } = bench();
    const [ben] = watch();
    let isAnswered = false;
    const asked = sights.askFirst([ben!]).then(() => (isAnswered = true));
    sights.askAgain([ben!]);
    await turn();
    expect(answers).toHaveLength(2);
    answers[0]!('an earlier answer');
    await turn();
    expect([isAnswered, ben!.through]).toEqual([false, undefined]);
    for (const answer of answers.slice(1)) answer('friend');
    await asked;
    expect(ben!.through).toBe('friend');
    await turn();
    expect(answers).toHaveLength(3);
  });

  it('is ignored for a list that was replaced meanwhile', async () => {
    const { watches, sights, answers, watch } = bench();
    const [before] = watch();
    const asked = sights.askFirst([before!]);
    watch();
    answers[0]!('a conversation');
    await asked;
    expect(watches.inConversation('a conversation')).toEqual([]);
  });
});
