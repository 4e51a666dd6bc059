import { highlightsIn } from './search-match';
import { parseQuery, type Closeness } from './search-query';
import { wordsOf } from './search-words';

const found = (
  text: string,
  query: string,
  closeness: Closeness = 'word',
  stems = {},
): string[] | undefined =>
  highlightsIn(wordsOf(text), parseQuery(query), closeness, new Map(Object.entries(stems)))?.map(
    ({ start, end }) => text.slice(start, end),
  );

describe('the matches of a query in a text', () => {
  it.each([
    ['Hello world', 'hello', ['Hello']],
    ['Hello world', 'wor hel', ['Hel', 'wor']],
    ['Hello world', 'hello mars', undefined],
    ['a cat', 'a', ['a']],
    ['Straße', 'strass', ['Straß']],
    ['cre\u0300me', 'cre', ['cre\u0300']],
    ['say it, say it', 'say', ['say', 'say']],
    ['to be or not to be', '"not to be"', ['not to be']],
    ['to be or not', '"be to"', undefined],
    ['beginning', '"begin"', undefined],
    ['東京都に行く', '京都', ['京都']],
    ['東京と京都', '"京都"', ['京都']],
    ['party 🎉', '🎉', ['🎉']],
  ])('in %j for %s: %j', (text, query, places) => {
    expect(found(text, query)).toEqual(places);
  });

  it('include other word forms by their stems', () => {
    const stems = { running: ['run'], runs: ['run'] };
    expect(found('she runs', 'running', 'word', stems)).toEqual(['runs']);
    expect(found('a run', 'running', 'word', stems)).toEqual(['run']);
    expect(found('a rung', 'running', 'word', stems)).toBeUndefined();
  });

  it('include parts of words and similar words only when allowed', () => {
    expect(found('our database', 'base')).toBeUndefined();
    expect(found('our database', 'base', 'part')).toEqual(['base']);
    expect(found('our databsae', 'database', 'part')).toBeUndefined();
    expect(found('our databsae', 'database', 'similar')).toEqual(['databsae']);
    expect(found('a cat', 'cot', 'similar')).toBeUndefined();
  });

  it('are for parsed terms: quoted ones stay whole, each occurs once, and twelve at most', () => {
    expect(parseQuery('Say "Hello World" say')).toEqual([
      { words: ['say'], isExact: false },
      { words: ['hello', 'world'], isExact: true },
    ]);
    expect(parseQuery('a b c d e f g h i j k l m n')).toHaveLength(12);
    expect(parseQuery('"unfinished phrase')).toHaveLength(2);
    expect(parseQuery('…!')).toEqual([]);
  });
});
