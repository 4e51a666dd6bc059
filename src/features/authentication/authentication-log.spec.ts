import { Metrics } from '../../platform/metrics/metrics';
import { remainingMs, runInContext } from '../../platform/request-context';
import { AuthenticationLog } from './authentication-log';

describe('the authentication log', () => {
  it('stores entries without the deadline of the request that made the first one', async () => {
    const storing = new Promise<number | undefined>((resolve) => {
      const monitor = {
        get verdict() {
          resolve(remainingMs());
          return { isUp: false };
        },
      };
      const unused = {} as never;
      const log = new AuthenticationLog(unused, unused, monitor as never, new Metrics());
      runInContext({ requestId: 'request-1', deadline: 0 }, () =>
        log.note({ kind: 'sign-in', outcome: 'ok' }),
      );
    });
    expect(await storing).toBeUndefined();
  });
});
