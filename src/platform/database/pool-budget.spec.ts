import type { PoolShare } from '../request-context';
import { PoolBudget, QueueFullError } from './pool-budget';

function budgetOf(
  max: number,
  queueMax = 100,
): { budget: PoolBudget; enter(share: PoolShare): () => boolean } {
  const budget = new PoolBudget(max, queueMax);
  const enter = (share: PoolShare): (() => boolean) => {
    let isIn = false;
    budget.enter(share, () => (isIn = true));
    return () => isIn;
  };
  return { budget, enter };
}
const times = <T>(count: number, work: () => T): T[] => Array.from({ length: count }, work);

describe('the budget of the pool', () => {
  it('reserves a tenth for authentication and a tenth for messages under any other load', () => {
    const { enter } = budgetOf(25);
    const others = times(40, () => enter('other'));
    expect(others.filter((isIn) => isIn())).toHaveLength(21);
    expect(times(2, () => enter('sign-in')).every((isIn) => isIn())).toBe(true);
    expect(times(2, () => enter('messages')).every((isIn) => isIn())).toBe(true);
    expect(enter('sign-in')()).toBe(false);
    expect(enter('messages')()).toBe(false);
  });

  it('lets no share use connections that are reserved for another, but all free ones', () => {
    const { enter } = budgetOf(25);
    expect(times(30, () => enter('sign-in')).filter((isIn) => isIn())).toHaveLength(23);
    expect(enter('other')()).toBe(false);
    expect(enter('messages')()).toBe(true);
  });

  it('never admits more than the pool has, and admits everybody in the end', () => {
    const { budget, enter } = budgetOf(5);
    const shares: PoolShare[] = ['other', 'messages', 'sign-in'];
    const inside: PoolShare[] = [];
    for (let index = 0; index < 60; index++) {
      const share = shares[index % 3]!;
      budget.enter(share, () => inside.push(share));
    }
    let left = 0;
    for (; left < 60; left++) {
      expect(inside.length - left).toBe(Math.min(5, 60 - left));
      budget.leave(inside[left]!);
    }
    expect(inside).toHaveLength(60);
    expect(budget.waiting).toBe(0);
    expect(enter('other')()).toBe(true);
  });

  it('admits the request that has waited longest among those that may enter', () => {
    const { budget, enter } = budgetOf(4);
    times(2, () => enter('other'));
    times(2, () => enter('sign-in'));
    const [message, first, second] = [enter('messages'), enter('other'), enter('other')];
    // Only two connections are available to them; the third one is reserved for messages.
    budget.leave('sign-in');
    expect([message(), first(), second()]).toEqual([true, false, false]);
    budget.leave('other');
    expect([first(), second()]).toEqual([true, false]);
  });

  it('rejects at once when too many wait, and forgets cancelled requests', () => {
    const { budget, enter } = budgetOf(2, 3);
    times(2, () => enter('other'));
    const giveUp = budget.enter('other', () => undefined);
    times(2, () => enter('other'));
    expect(() => enter('other')).toThrow(QueueFullError);
    expect(enter('messages')()).toBe(false);
    giveUp();
    giveUp();
    expect(budget.usage('other')).toEqual({ inUse: 2, waiting: 2, reserved: 0 });
    expect(enter('other')()).toBe(false);
    expect(() => enter('other')).toThrow(QueueFullError);
  });
});
