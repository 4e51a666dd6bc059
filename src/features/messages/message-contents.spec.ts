import { MessageContents } from './message-contents';
import type { MessageView } from './message-view';

const message = (id: string, length = 5): MessageView => ({ id, body: 'x'.repeat(length) }) as MessageView;

describe('a message that arrives ahead of the log', () => {
  let now: number;
  let contents: MessageContents;
  beforeEach(() => {
    now = 0;
    contents = new MessageContents(() => now);
  });

  it('is returned once', () => {
    contents.keep(message('a'));
    expect(contents.take('a')).toEqual(message('a'));
    expect(contents.take('a')).toBeUndefined();
    expect(contents.size).toBe(0);
  });

  it('expires after a while, and then takes no memory', () => {
    contents.keep(message('a'));
    now = 5_001;
    expect(contents.take('a')).toBeUndefined();
    contents.keep(message('b'));
    now = 10_002;
    contents.keep(message('c'));
    expect(contents.size).toBe(1);
  });

  it('is evicted first if it is the oldest when the memory limit is reached', () => {
    for (let number = 0; number < 3_000; number++) contents.keep(message(String(number), 4_000));
    expect(contents.size).toBeLessThan(2_000);
    expect([contents.take('0'), contents.take('2999')]).toEqual([undefined, message('2999', 4_000)]);
  });
});
