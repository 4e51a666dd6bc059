import { Outbox } from './outbox.ts';

const message = (id: string, conversationId = 'c') => ({ id, conversationId, body: id, createdAt: '' });
const states = (outbox: Outbox): string[] => outbox.of('c').map(({ id, status }) => `${id} ${status}`);

describe('an outbox', () => {
  it('returns the messages of a conversation in the order of writing, one at a time', () => {
    const outbox = new Outbox();
    for (const id of ['a', 'b']) outbox.add(message(id));
    outbox.add(message('x', 'd'));
    expect(outbox.waiting).toEqual(['c', 'd']);
    expect(outbox.next('c')?.id).toBe('a');
    outbox.acknowledge('a', 1);
    expect(outbox.next('c')?.id).toBe('b');
    outbox.refuse('b', { code: 'forbidden', status: 403 });
    expect(outbox.next('c')).toBeUndefined();
    expect(states(outbox)).toEqual(['a sent', 'b failed']);
    expect(outbox.waiting).toEqual(['d']);
  });

  it('keeps an acknowledged message acknowledged', () => {
    const outbox = new Outbox();
    outbox.add(message('a'));
    outbox.acknowledge('a', 7);
    outbox.refuse('a', { code: 'forbidden', status: 403 });
    expect(outbox.get('a')).toMatchObject({ status: 'sent', seq: 7 });
  });

  it('makes messages pending again that an earlier history has acknowledged', () => {
    const outbox = new Outbox();
    for (const id of ['a', 'b', 'c']) outbox.add(message(id));
    outbox.acknowledge('a', 7);
    outbox.refuse('b', { code: 'forbidden', status: 403 });
    outbox.reopen('c');
    expect(states(outbox)).toEqual(['a pending', 'b failed', 'c pending']);
    expect(outbox.get('a')).not.toHaveProperty('seq');
  });

  it('is restored in the order of writing, and appends new messages behind it', () => {
    const before = new Outbox();
    const entries = ['a', 'b', 'c'].map((id) => before.add(message(id)));
    const outbox = new Outbox([entries[2]!, entries[0]!, entries[1]!]);
    outbox.add(message('d'));
    expect(states(outbox)).toEqual(['a pending', 'b pending', 'c pending', 'd pending']);
    expect(outbox.remove(({ id }) => id === 'b').map(({ id }) => id)).toEqual(['b']);
    expect(states(outbox)).toEqual(['a pending', 'c pending', 'd pending']);
  });
});
