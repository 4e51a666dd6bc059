/** How an attempt ended, as far as the client knows: done, surely not done, or nobody knows. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- what the server said, whatever it is
export type Outcome = { readonly type: 'ok' | 'fail' | 'info'; readonly value: any };
