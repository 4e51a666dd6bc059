import { AuthenticationEventRows, WINDOW_MS } from './authentication-event-rows';

const refusal = (userId: string | undefined, address: string) => ({
  kind: 'sign-in' as const,
  outcome: 'invalid-credentials',
  userId,
  address,
});
const at = 1_000;

describe('the rows of the authentication log', () => {
  const total = (rows: { times: number }[]): number => rows.reduce((sum, { times }) => sum + times, 0);

  it('are one for each success, up to a limit, and count every event', () => {
    const rows = new AuthenticationEventRows();
    for (let n = 0; n < 1_000; n++)
      rows.add({ kind: 'sign-in', outcome: 'ok', userId: 'ada', address: '::1', requestId: `r${n}` }, 1, at);
    const changed = rows.takeChanged();
    expect(changed).toHaveLength(20);
    expect(changed.map(({ requestId }) => requestId)).toEqual(Array.from({ length: 20 }, (_, n) => `r${n}`));
    expect(total(changed)).toBe(1_000);
  });

  it('are limited in number for rejections from any number of addresses and accounts', () => {
    const rows = new AuthenticationEventRows();
    for (let n = 0; n < 5_000; n++) rows.add(refusal(undefined, `2001:db8::${n}`), 1, at);
    for (let n = 0; n < 5_000; n++) rows.add(refusal(`user-${n}`, '203.0.113.9'), 1, at);
    const changed = rows.takeChanged();
    expect(changed.length).toBeLessThanOrEqual(252);
    expect(total(changed)).toBe(10_000);
  });

  it('continue to record known accounts while unknown ones are attacked', () => {
    const rows = new AuthenticationEventRows();
    for (let n = 0; n < 5_000; n++) rows.add(refusal(undefined, `2001:db8::${n}`), 1, at);
    rows.add(refusal('ada', '203.0.113.9'), 3, at);
    expect(rows.takeChanged()).toContainEqual(
      expect.objectContaining({ userId: 'ada', address: '203.0.113.9', times: 3 }),
    );
  });

  it('start again in the next window', () => {
    const rows = new AuthenticationEventRows();
    rows.add(refusal('ada', '::1'), 1, at);
    rows.add(refusal('ada', '::1'), 1, at + WINDOW_MS);
    expect(rows.takeChanged().map(({ times }) => times)).toEqual([1, 1]);
  });

  it('are returned again when their counts have grown, or when they could not be stored', () => {
    const rows = new AuthenticationEventRows();
    rows.add(refusal('ada', '::1'), 1, at);
    const first = rows.takeChanged();
    expect(rows.takeChanged()).toEqual([]);
    rows.returnUnstored(first);
    rows.add(refusal('ada', '::1'), 1, at);
    expect(rows.takeChanged()).toEqual([expect.objectContaining({ id: first[0]!.id, times: 2 })]);
  });
});
