import { ActivityOrder } from './activity-order.ts';

describe('the order of activity', () => {
  const view = (id: string, lastSeq: number) => ({ id, lastSeq });
  const sorted = (order: ActivityOrder, ...ids: string[]) =>
    ids.sort((a, b) => order.placeOf(b) - order.placeOf(a)).join('');

  it('begins with the list, and then follows new messages', () => {
    const order = new ActivityOrder();
    order.listed([view('a', 3), view('b', 5), view('c', 1)]);
    expect(sorted(order, 'c', 'b', 'a')).toBe('abc');
    order.reached('b', 5); // the list contains it already
    expect(sorted(order, 'c', 'b', 'a')).toBe('abc');
    order.reached('c', 2);
    order.reached('d', 0);
    expect(sorted(order, 'a', 'b', 'c', 'd')).toBe('dcab');
  });

  it('keeps a conversation with a newer message than the list at the top', () => {
    const order = new ActivityOrder();
    order.reached('c', 2);
    order.reached('b', 6);
    order.listed([view('a', 3), view('b', 5), view('c', 1)]);
    expect(sorted(order, 'a', 'b', 'c')).toBe('bca');
    order.listed([view('c', 2), view('a', 4), view('b', 6)]);
    expect(sorted(order, 'a', 'b', 'c')).toBe('cab');
  });

  it('treats a forgotten conversation as a new one', () => {
    const order = new ActivityOrder();
    order.listed([view('a', 9), view('b', 5)]);
    order.forget('a');
    expect(sorted(order, 'a', 'b')).toBe('ba');
    order.reached('a', 1);
    expect(sorted(order, 'a', 'b')).toBe('ab');
  });
});
