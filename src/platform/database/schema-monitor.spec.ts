import { remainingMs, runInContext } from '../request-context';
import { SchemaMonitor } from './schema-monitor';

describe('the schema monitor', () => {
  it('checks again without the deadline of the request whose statement failed', async () => {
    const looked = new Promise<number | undefined>((resolve) => {
      let fail = (_code: string): void => undefined;
      let isStarted = false;
      const query = (): Promise<unknown> => {
        if (isStarted) resolve(remainingMs());
        return new Promise(() => undefined);
      };
      const monitor = new SchemaMonitor(
        { query } as never,
        { migrations: [] } as never,
        { onChange: () => undefined } as never,
        { onFailure: (listener: typeof fail) => (fail = listener) } as never,
      );
      void monitor.onModuleInit(); // its own check gets no answer
      setImmediate(() => {
        isStarted = true;
        runInContext({ requestId: 'request-1', deadline: 0 }, () => fail('42P01'));
      });
    });
    expect(await looked).toBeUndefined();
  });
});
