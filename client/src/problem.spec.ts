import { toError, toProblem, XFChatError } from './problem.ts';

describe('the handling of a problem', () => {
  it.each([
    [503, 'temporarily-unavailable', 'again'],
    [503, 'maintenance', 'again'],
    [504, 'outcome-unknown', 'again'],
    [429, 'rate-limited', 'again'],
    [408, 'request-timeout', 'again'],
    [500, 'internal', 'a-few'],
    [401, 'token-expired', 'refresh'],
    [401, 'unauthenticated', 'refresh'],
    [401, 'session-revoked', 'sign-in'],
    [401, 'invalid-credentials', 'never'],
    [403, 'forbidden', 'never'],
    [404, 'conversation-not-found', 'never'],
    [409, 'message-id-conflict', 'never'],
    [422, 'message-too-long', 'never'],
    [409, 'a code of a newer server', 'never'],
  ])('%d %s: %s', (status, code, handling) => {
    expect(new XFChatError({ status, code }).handling).toBe(handling);
  });

  it.each([
    [502, '<html>bad gateway</html>', 'again'],
    [401, '<html>the hotel wants you to sign in</html>', 'a-few'],
    [413, undefined, 'a-few'],
  ])('%d of something in between: %s', (status, body, handling) => {
    expect(new XFChatError(toProblem(status, body)).handling).toBe(handling);
  });

  it('waits as long as the problem says, or the header of a proxy', () => {
    const problem = { code: 'rate-limited', status: 429, retryAfter: 7 };
    expect(new XFChatError(toProblem(429, problem, 3)).retryAfterMs).toBe(7_000);
    expect(new XFChatError(toProblem(503, undefined, 3)).retryAfterMs).toBe(3_000);
    expect(new XFChatError(toProblem(503, undefined, Number.NaN)).retryAfterMs).toBe(0);
  });

  it('treats any other error as a missing answer', () => {
    const cause = new TypeError('fetch failed');
    expect(toError(cause)).toMatchObject({ code: 'unreachable', status: 0, handling: 'again', cause });
  });
});
