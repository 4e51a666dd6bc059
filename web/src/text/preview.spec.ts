import type { Message } from '@xfchat/client';
import { plainText, previewOf } from './preview.ts';

const attachment = (name: string): Message['attachments'][number] => ({
  ...{ id: name, name, type: 'image/png', size: 1, createdAt: '' },
});
const message = (fields: Partial<Message>): Message =>
  ({ body: '', deletedAt: null, attachments: [], ...fields }) as Message;

describe('the preview of a message', () => {
  it.each([
    ['plain words', 'plain words'],
    ['Yes! **Friday** at `5`, _really_, ~~no~~', 'Yes! Friday at 5, really, no'],
    ['two\nlines\n\nand a paragraph', 'two lines and a paragraph'],
    ['- one\n- two', 'one two'],
    ['> a quote\n\nan answer', 'a quote an answer'],
    ['```\nconst x = 1;\n```', 'const x = 1;'],
    ['[a link](https://example.org)', 'a link'],
    ['2 * 3 * 4 and snake_case_name', '2 * 3 * 4 and snake_case_name'],
    ['', ''],
  ])('shows %j as %j', (body, expected) => expect(plainText(body)).toBe(expected));

  it('parses no more than a line can show, and cuts no pair of surrogates', () => {
    const shown = plainText('🦉'.repeat(4_000));
    expect(shown).toBe('🦉'.repeat(400));
  });

  it('names the files of a message without words', () => {
    expect(previewOf(message({ attachments: [attachment('owl.png')] }))).toBe('File: owl.png');
    expect(previewOf(message({ attachments: [attachment('a'), attachment('b')] }))).toBe('2 files');
    expect(previewOf(message({ body: 'look', attachments: [attachment('owl.png')] }))).toBe('look');
  });

  it('says that a message was deleted', () =>
    expect(previewOf(message({ body: null, deletedAt: '2026-01-01T00:00:00.000Z' }))).toBe(
      'Deleted message',
    ));
});
