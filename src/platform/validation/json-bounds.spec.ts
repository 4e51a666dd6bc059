import * as fc from 'fast-check';
import { exceedsJsonBounds } from './json-bounds';

const fields = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`f${n}`, 1]));

describe('the bounds of JSON input', () => {
  it.each([
    ['13,500 unknown fields', JSON.stringify(fields(13_500))],
    ['an object of 101 fields', JSON.stringify({ ...fields(101), long: 'x'.repeat(600) })],
    ['60,000 elements', `[${'1,'.repeat(60_000)}1]`],
    ['60,000 empty objects', `[${'{},'.repeat(40_000)}{}]`],
    ['many small objects', JSON.stringify(Array.from({ length: 1_000 }, () => fields(3)))],
    ['40,000 levels', '['.repeat(40_000)],
    ['40,000 levels of objects', '{"a":'.repeat(20_000)],
    [
      'fields after a string with quotes',
      `{"a":"${'\\"'.repeat(300)}",${JSON.stringify(fields(200)).slice(1)}`,
    ],
  ])('reject %s', (_name, text) => {
    expect(exceedsJsonBounds(text)).toBe(true);
  });

  it.each([
    [
      'the largest sync',
      {
        epoch: 1,
        cursors: Array.from({ length: 200 }, () => ({ conversationId: 'x'.repeat(36), seq: 1, rev: 1 })),
      },
    ],
    ['a long text of commas and braces', { body: '{,:['.repeat(1_000) }],
    ['a long text that ends with a backslash', { body: `${',{'.repeat(2_000)}\\` }],
    ['an object of 100 fields', { ...fields(99), long: 'x'.repeat(600) }],
    ['a thousand ids', { participantIds: Array.from({ length: 1_000 }, () => 'x'.repeat(36)) }],
  ])('accept %s', (_name, value) => {
    expect(exceedsJsonBounds(JSON.stringify(value))).toBe(false);
  });

  it('count values as JSON.parse would, whatever the strings contain', () => {
    const awkward = fc.string({ unit: fc.constantFrom('"', '\\', ',', '{', '[', ':', 'a'), maxLength: 30 });
    fc.assert(
      fc.property(fc.array(awkward, { minLength: 0, maxLength: 90 }), (strings) => {
        const padding = 'x'.repeat(600);
        const small = JSON.stringify({ padding, strings });
        const large = JSON.stringify({ padding, strings, more: Array.from({ length: 2_000 }, () => 1) });
        expect([exceedsJsonBounds(small), exceedsJsonBounds(large)]).toEqual([false, true]);
      }),
    );
  });
});
