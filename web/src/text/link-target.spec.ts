import { hostToShow, looksLikeAddress } from './link-target.ts';

describe('a link', () => {
  it.each<[words: string, address: string, host: string | undefined]>([
    ['https://example.org/a?b', 'https://example.org/a?b', undefined],
    ['www.example.org', 'http://www.example.org', undefined],
    ['example.org/path', 'https://example.org/other', undefined],
    ['me@example.org', 'mailto:me@example.org', undefined],
    ['write to me', 'mailto:me@example.org', 'me@example.org'],
    ['our page', 'https://example.org:8080/', 'example.org:8080'],
    ['https://bank.example', 'https://evil.example', 'evil.example'],
    ['bank.example', 'https://evil.example/bank.example', 'evil.example'],
    ['https://bank.example.evil.example', 'https://bank.example.evil.example', undefined],
    ['https://bank.example@evil.example/', 'https://bank.example@evil.example/', 'evil.example'],
    ['https://аррӏе.com', 'https://аррӏе.com', 'xn--80ak6aa92e.com'],
    ['https://münchen.de', 'https://münchen.de', 'xn--mnchen-3ya.de'],
  ])('names its host if its words do not: %s to %s', (words, address, host) => {
    expect(hostToShow(address, words)).toBe(host);
  });

  it.each([
    ['https://bank.example', true],
    ['bank.example/login', true],
    ['www.bank', true],
    ['our page', false],
    ['see this.', false],
  ])('%s looks like an address: %s', (words, isSo) => {
    expect(looksLikeAddress(words)).toBe(isSo);
  });
});
