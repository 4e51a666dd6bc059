import { remainingMs, runInContext } from '../../platform/request-context';
import { ErasureWorker } from './erasure-worker';

describe('the erasure worker', () => {
  it('continues an erasure without the deadline of the request that asked for it', async () => {
    const looked = new Promise<number | undefined>((resolve) => {
      const worker = new ErasureWorker(
        { areLeft: async () => (resolve(remainingMs()), false) } as never,
        { findReturned: async () => [] } as never,
        { verdict: { isUp: true } } as never,
        { isOn: false } as never,
        { isDraining: false } as never,
      );
      runInContext({ requestId: 'request-1', deadline: 0 }, () => worker.hurry());
    });
    expect(await looked).toBeUndefined();
  });
});
