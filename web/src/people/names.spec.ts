import { isolated, nameOf, visibleName } from './names.ts';

describe('a name', () => {
  it.each([
    ['Ada Lovelace', 'Ada Lovelace'],
    ['نور الهدى', 'نور الهدى'],
    ['\u202egnp.exe', 'gnp.exe'],
    ['\u2066Ben\u2069\u2069', 'Ben'],
    ['  Kim\u0007 ', 'Kim'],
    ['', 'username'],
    ['\u200b\u2060 ', 'username'],
    ['\u3164', 'username'],
    ['\u0301\u0301', 'username'],
    ['\ue000', 'username'],
    ['👩‍👧', '👩‍👧'],
  ])('is shown without controls: %j as %j', (displayName, shown) => {
    expect(nameOf({ displayName, username: 'username' })).toBe(shown);
  });

  it('does not change the direction of the sentence around it', () => {
    expect(isolated(visibleName('a\u2069\u202eb', ''))).toBe('\u2068ab\u2069');
  });
});
