import { formatVersions, parseVersions } from './version-list';

describe('a list of versions in a header', () => {
  it.each([
    ['', []],
    ['"a"', ['a']],
    ['"a", "b"', ['a', 'b']],
    ['"a","b" ,  "a"', ['a', 'b']],
    [String.raw`"say \"hi\"", "\u00e9"`, ['say "hi"', 'é']],
  ])('reads %s', (header, ids) => {
    expect(parseVersions('Version', header)).toEqual(ids);
  });

  it.each(['a', '"a', '"a" "b"', '1', '["a"]', 'null', '%"a"', '"a",'])('rejects %s', (header) => {
    expect(() => parseVersions('Version', header)).toThrow(/\/headers\/Version/);
  });

  it('is written sorted, and in ASCII', () => {
    expect(formatVersions(['b', 'a'])).toBe('"a", "b"');
    expect(formatVersions(['"é\n'])).toBe(String.raw`"\"\u00e9\n"`);
    expect(formatVersions([])).toBe('');
  });
});
