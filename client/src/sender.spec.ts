import type { Message } from './types.ts';
import type { OutgoingMessage } from './outbox.ts';
import { XFChatError } from './problem.ts';
import { Sender } from './sender.ts';
import { MemoryStorage } from './storage.ts';

const message = (id: string, conversationId = 'c') => ({ id, conversationId, body: id, createdAt: '' });
const refusal = (status: number, code: string) => new XFChatError({ status, code });

/** A sender with a fake server, which assigns the next number unless the test lets it reject the message. */
function bench(storage = new MemoryStorage()) {
  const attempts: string[] = [];
  const told: string[] = [];
  const refusals = new Map<string, XFChatError[]>();
  let seq = 0;
  const sender = new Sender({
    storage,
    backoff: { initialMs: 1, maxMs: 2 },
    deliver: async ({ id }: OutgoingMessage) => {
      attempts.push(id);
      const failure = refusals.get(id)?.shift();
      if (failure) throw failure;
      return { id, seq: ++seq } as Message;
    },
    changed: ({ id, status }) => told.push(`${id} ${status}`),
    settled: (conversationId) => told.push(`${conversationId} settled`),
    failed: (error) => told.push(error.message),
  });
  const until = async (what: string): Promise<void> => {
    while (!told.includes(what)) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  return { sender, attempts, told, refusals, until, storage };
}

describe('a sender', () => {
  it('stores a message, sends it, and deletes it once the conversation holds it', async () => {
    const { sender, told, storage, until } = bench();
    await sender.add(message('a'));
    expect(await storage.get('outbox:a')).toMatchObject({ status: 'pending' });
    sender.start();
    await until('a sent');
    sender.settle('c', 0);
    expect(await storage.keys('outbox:')).toEqual(['outbox:a']);
    sender.settle('c', 1);
    await until('c settled');
    expect(await storage.keys('outbox:')).toEqual([]);
    expect(told).toEqual(['a pending', 'a sent', 'c settled']);
  });

  // Tests G2.
  it('retries with the same id, and keeps the order meanwhile', async () => {
    const { sender, attempts, refusals, until } = bench();
    refusals.set('a', [
      refusal(503, 'draining'),
      refusal(504, 'outcome-unknown'),
      refusal(429, 'rate-limited'),
    ]);
    sender.start();
    await Promise.all([sender.add(message('a')), sender.add(message('b')), sender.add(message('x', 'd'))]);
    await until('b sent');
    await until('x sent');
    expect(attempts.filter((id) => id !== 'x')).toEqual(['a', 'a', 'a', 'a', 'b']);
    expect(attempts.indexOf('x')).toBeLessThan(attempts.indexOf('b'));
  });

  it('gives up at once on a final problem, and after a few attempts on a fault of the server', async () => {
    const { sender, attempts, refusals, until, storage } = bench();
    refusals.set('a', [refusal(403, 'forbidden')]);
    refusals.set(
      'b',
      Array.from({ length: 9 }, () => refusal(500, 'internal')),
    );
    sender.start();
    for (const id of ['a', 'b', 'c']) await sender.add(message(id));
    await until('c sent');
    expect(attempts).toEqual(['a', 'b', 'b', 'b', 'b', 'b', 'c']);
    expect(await storage.get('outbox:a')).toMatchObject({ status: 'failed', problem: { code: 'forbidden' } });
    expect(sender.outgoing('c').map(({ status }) => status)).toEqual(['failed', 'failed', 'sent']);
  });

  it('sends a message once that the storage does not take, and resolves', async () => {
    const { sender, attempts, told, until, storage } = bench();
    storage.set = () => Promise.reject(new Error('the disk is full'));
    sender.start();
    await expect(sender.add(message('a'))).resolves.toMatchObject({ id: 'a' });
    await until('a sent');
    sender.hurry();
    await sender.add(message('b'));
    await until('b sent');
    expect(attempts).toEqual(['a', 'b']);
    expect(told).toContain('the disk is full');
  });

  it('continues where an earlier run stopped', async () => {
    const first = bench();
    for (const id of ['a', 'b']) await first.sender.add(message(id));
    first.sender.stop();
    const second = bench(first.storage);
    await second.sender.restore();
    second.sender.start();
    await second.until('b sent');
    expect(second.attempts).toEqual(['a', 'b']);
    expect(first.attempts).toEqual([]);
  });

  it('retries a failed message on request, with its id unless that is taken', async () => {
    const { sender, attempts, refusals, until, told } = bench();
    refusals.set('a', [refusal(403, 'forbidden')]);
    refusals.set('b', [refusal(409, 'message-id-conflict')]);
    sender.start();
    await sender.add(message('a'));
    await sender.add(message('b'));
    await until('a failed');
    await until('b failed');
    await sender.retry('a');
    await until('a sent');
    await sender.retry('b');
    await sender.retry('nonsense');
    expect(sender.outgoing('c')).toHaveLength(2);
    const { id } = sender.outgoing('c')[1]!;
    await until(`${id} sent`);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(attempts).toEqual(['a', 'b', 'a', id]);
    expect(told).not.toContain('b sent');
  });

  it('discards failed messages only', async () => {
    const { sender, refusals, until, storage } = bench();
    refusals.set('a', [refusal(403, 'forbidden')]);
    sender.start();
    await sender.add(message('a'));
    await until('a failed');
    sender.stop();
    await sender.add(message('b'));
    await sender.discard('a');
    await sender.discard('b');
    expect(await storage.keys('outbox:')).toEqual(['outbox:b']);
  });

  it('sends a message again, with the same id, that another epoch has acknowledged', async () => {
    const { sender, attempts, until, told } = bench();
    sender.start();
    await sender.add(message('a'));
    await until('a sent');
    told.length = 0;
    sender.reopen('c');
    await until('a sent');
    expect(told).toEqual(['a pending', 'a sent']);
    expect(attempts).toEqual(['a', 'a']);
  });
});
