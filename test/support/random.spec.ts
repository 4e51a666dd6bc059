import { Random } from './random';

describe('random choices', () => {
  const choices = (random: Random): unknown[] => [
    random.next(),
    random.below(9),
    random.uuid(),
    random.pick('abc'.split('')),
  ];

  it('are the same for the same seed, independent of other choices', () => {
    expect(choices(new Random(7))).toEqual(choices(new Random(7)));
    expect(choices(new Random(7))).not.toEqual(choices(new Random(8)));
    const parent = new Random(7);
    const [first, second] = [parent.fork('a'), parent.fork('b')];
    expect(choices(first)).toEqual(choices(new Random(7).fork('a')));
    expect(choices(new Random(7).fork('a'))).not.toEqual(choices(second));
  });

  it('make ids that the server accepts', () => {
    expect(new Random(1).uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
