import { NO_MENTIONS, splitAtMentions, type Mentions } from './mentions.ts';

const ada = { name: 'Ada', isOwn: true };
const ben = { name: 'Ben', isOwn: false };
const mentions: Mentions = new Map([
  ['ada', ada],
  ['ben.', ben],
]);

describe('splitting a text at its mentions', () => {
  it.each<[string, unknown[]]>([
    ['nobody', ['nobody']],
    ['@ada', [ada]],
    ['hello @ADA, and @ben.', ['hello ', ada, ', and ', ben]],
    ['@ada...', [ada, '...']],
    ['@adam and x@ada and https://example.org/@ada', ['@adam and x@ada and https://example.org/@ada']],
    ['谢谢@ada你好', ['谢谢', ada, '你好']],
    ['@cleo and @all', ['@cleo and @all']],
  ])('%j', (text, parts) => {
    expect(splitAtMentions(text, mentions)).toEqual(parts);
  });

  it('leaves the text of a message without mentions as it is', () => {
    expect(splitAtMentions('@ada', NO_MENTIONS)).toEqual(['@ada']);
  });
});
