import { patchedBody, readPatches } from './message-patch';

const single = (range: string, content: string, unit = 'json') => ({
  unit,
  range,
  content: Buffer.from(content),
});

describe('the patches of a PUT', () => {
  it('are one patch if the body is its content', () => {
    expect(readPatches({ 'content-range': 'json .body' }, Buffer.from('"new"'))).toEqual([
      single('.body', '"new"'),
    ]);
  });

  it.each(['\r\n', '\n'])('are read from parts with any line ending (%j)', (end) => {
    const part = (range: string, content: string): string =>
      [`content-length: ${Buffer.byteLength(content)}`, `Content-Range: json ${range}`, '', content].join(
        end,
      );
    const bytes = Buffer.from(part('.body', '"é"') + end + end + part('.body[0:1]', '"\\n\\n"') + end);
    expect(readPatches({ patches: '2' }, bytes)).toEqual([
      single('.body', '"é"'),
      single('.body[0:1]', '"\\n\\n"'),
    ]);
  });

  it('can be an empty list', () => {
    expect(readPatches({ patches: '0' }, Buffer.alloc(0))).toEqual([]);
  });

  it.each([
    ['1', ''],
    ['1', 'content-range: json .body\r\n\r\n"x"'],
    ['1', 'content-length: 3\r\n\r\n"x"'],
    ['1', 'content-length: 4\r\ncontent-range: json .body\r\n\r\n"x"'],
    ['1', 'content-length: 3\r\ncontent-range: json .body\r\n\r\n"x" and more'],
    ['2', 'content-length: 3\r\ncontent-range: json .body\r\n\r\n"x"\r\n'],
    ['101', ''],
    ['-1', ''],
    ['one', ''],
  ])('are rejected: %s of %j', (patches, text) => {
    expect(() => readPatches({ patches }, Buffer.from(text))).toThrow();
  });
});

describe('a patched body', () => {
  it.each([
    ['.body', 'new'],
    ['["body"]', 'new'],
    ['.body[0:0]', 'new🙂body'],
    ['.body[1:2]', '🙂newody'],
    ['.body[5:5]', '🙂bodynew'],
    ['.body[-0:-0]', '🙂bodynew'],
    ['.body[-1:-0]', '🙂bodnew'],
    ['.body[0:1]', 'newbody'],
  ])('applies a patch at %s', (range, expected) => {
    expect(patchedBody('🙂body', [single(range, '"new"')])).toBe(expected);
  });

  it('applies each patch to the result of the previous one', () => {
    expect(patchedBody('ab', [single('.body[0:0]', '"x"'), single('.body[0:2]', '""')])).toBe('b');
  });

  it.each([
    ['json', '.seq'],
    ['json', ''],
    ['json', '.body[0]'],
    ['json', '.body[2:1]'],
    ['json', '.body[0:3]'],
    ['json', '.body[-3:0]'],
    ['text', '[0:0]'],
  ])('rejects the unknown %s %s', (unit, range) => {
    expect(() => patchedBody('ab', [single(range, '"x"', unit)])).toThrow(/range/);
  });

  it.each(['x', '1', '{"a": 1}', '\xff', ''])('rejects %j', (content) => {
    expect(() =>
      patchedBody('a', [{ ...single('.body', ''), content: Buffer.from(content, 'latin1') }]),
    ).toThrow(/patches/);
  });
});
