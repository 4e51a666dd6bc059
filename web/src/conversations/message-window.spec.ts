import { around, atEnd, earlier, followed, later } from './message-window.ts';

const held = { first: 1, last: 1_000 };

describe('the window of rendered messages', () => {
  it('begins at the end, and takes in new messages', () => {
    expect(atEnd(held)).toEqual({ from: 941, to: undefined });
    expect(atEnd({ first: 1, last: 3 })).toEqual({ from: 1, to: undefined });
  });

  it('moves up to the first message and down to the last, and never exceeds its limit', () => {
    const most = (window: { from: number; to: number | undefined }): number =>
      (window.to ?? 1_000) - window.from + 1;
    let window = atEnd(held);
    while (window.from > 1) {
      const before = window.from;
      window = earlier(window, held);
      expect(window.from).toBeLessThan(before);
      expect(most(window)).toBeLessThanOrEqual(120);
    }
    expect(window).toEqual({ from: 1, to: 120 });
    while (window.to !== undefined) {
      const before = window.to;
      window = later(window, held);
      expect(window.to ?? 1_000).toBeGreaterThan(before);
      expect(most(window)).toBeLessThanOrEqual(120);
    }
    expect(window).toEqual({ from: 881, to: undefined });
  });

  it('follows the end for a reader at the end, and stays in place for others', () => {
    const window = { from: 800, to: undefined };
    expect(followed(window, { first: 1, last: 919 })).toBe(window);
    expect(followed(window, { first: 1, last: 920 })).toEqual({ from: 861, to: undefined });
    const elsewhere = { from: 10, to: 100 };
    expect(followed(elsewhere, held)).toBe(elsewhere);
  });

  it('can be placed around any message', () => {
    expect(around(500, held)).toEqual({ from: 470, to: 530 });
    expect(around(5, held)).toEqual({ from: 1, to: 35 });
    expect(around(990, held)).toEqual({ from: 960, to: undefined });
  });
});
