import { Random, SEED } from '../../support/random';
import { formatSchedule, parseSchedule, randomSchedule } from './schedule';

describe('a schedule of faults', () => {
  it('is parsed from its written form', () => {
    const text = 'at 3 s: kill server 1\nat 5.25 s: cut link 2\nat 6 s: kill database 1';
    expect(parseSchedule(text)).toEqual([
      { at: 3, fault: 'kill server', number: 1 },
      { at: 5.25, fault: 'cut link', number: 2 },
      { at: 6, fault: 'kill database', number: 1 },
    ]);
    expect(formatSchedule(parseSchedule(text))).toBe(text);
    expect(() => parseSchedule('at 3 s: sing')).toThrow('not a step');
  });

  it('is the same for the same seed, in order, and made of possible faults', () => {
    const make = (seed: number) =>
      randomSchedule(new Random(seed), 50, 2, [
        ['kill server', 3],
        ['cut link', 2],
      ]);
    expect(make(5)).toEqual(make(5));
    expect(make(5)).not.toEqual(make(6));
    const steps = make(5);
    expect(steps.map(({ at }) => at)).toEqual(steps.map(({ at }) => at).sort((a, b) => a - b));
    expect(new Set(steps.map(({ fault, number }) => `${fault} ${number}`))).toEqual(
      new Set(['kill server 1', 'kill server 2', 'kill server 3', 'cut link 1', 'cut link 2']),
    );
  });

  it('contains each fault, with any seed, if there is room for all of them', () => {
    const faults = ['kill server', 'stop server', 'cut link', 'lose replies of link'] as const;
    for (let seed = SEED; seed < SEED + 1_000; seed++) {
      const steps = randomSchedule(
        new Random(seed),
        5,
        2,
        faults.map((fault) => [fault, 3]),
      );
      expect({ seed, faults: new Set(steps.map(({ fault }) => fault)) }).toEqual({
        seed,
        faults: new Set(faults),
      });
    }
  });
});
