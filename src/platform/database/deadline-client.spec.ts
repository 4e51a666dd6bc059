import { Client, type QueryConfig } from 'pg';
import { runInContext, type RequestContext } from '../request-context';
import { DeadlineClient, DeadlineExceededError, type DeadlineClientConfig } from './deadline-client';
import { asWrite } from './write-scope';

/** A client without a server: `answer` decides the outcome of each statement. */
function clientThat(
  answer: (text: string) => Promise<unknown>,
  config?: DeadlineClientConfig,
): {
  client: DeadlineClient;
  sent: (QueryConfig & { query_timeout?: number })[];
} {
  const sent: QueryConfig[] = [];
  jest.spyOn(Client.prototype, 'query').mockImplementation(((config: QueryConfig) => {
    const query = typeof config === 'string' ? { text: config as string } : config;
    sent.push(query);
    return answer(query.text);
  }) as never);
  return { client: new DeadlineClient(config), sent };
}

const lost = (): Promise<never> => Promise.reject(new Error('Connection terminated unexpectedly'));
const within = <T>(milliseconds: number, work: (context: RequestContext) => T): T => {
  const context: RequestContext = { requestId: 'r', deadline: performance.now() + milliseconds };
  return runInContext(context, () => work(context));
};

describe('a statement', () => {
  afterEach(() => jest.restoreAllMocks());

  it.each([
    ['in a write scope', asWrite, true],
    ['outside of one', <T>(work: () => T): T => work(), false],
  ])(
    'has an unknown outcome if it may have written when its connection is lost: %s (%s)',
    async (_where, inScope, wrote) => {
      const { client } = clientThat(lost);
      await expect(
        inScope(() => client.query('select from conversations for no key update')),
      ).rejects.toMatchObject({
        wrote,
      });
    },
  );

  it.each([
    ['in a write scope', asWrite, true],
    ['outside of one', <T>(work: () => T): T => work(), false],
  ])('has an unknown outcome if it commits %s and the connection is lost', async (_where, inScope, wrote) => {
    const { client } = clientThat((sent) => (sent === 'COMMIT' ? lost() : Promise.resolve({ rows: [] })));
    await inScope(async () => {
      await client.query('START TRANSACTION');
      await client.query('select 1');
      await expect(client.query('COMMIT')).rejects.toMatchObject({ wrote });
    });
  });

  it('has a known outcome if it only begins a transaction', async () => {
    const { client } = clientThat(lost);
    await expect(asWrite(() => client.query('START TRANSACTION'))).rejects.toMatchObject({ wrote: false });
  });

  it('gets what is left of the time of its request, on both sides', async () => {
    const { client, sent } = clientThat(() => Promise.resolve({ rows: [] }));
    await within(4_000, async () => {
      await client.query('START TRANSACTION');
      await client.query('select $1', [1]);
    });
    const [begin, select] = sent;
    const limits = /^START TRANSACTION; SET LOCAL statement_timeout = (\d+); SET LOCAL lock_timeout = \d+$/;
    const statementTimeout = Number(limits.exec(begin!.text)?.[1]);
    expect(statementTimeout).toBeGreaterThan(3_000);
    expect(statementTimeout).toBeLessThanOrEqual(3_500);
    expect(select).toMatchObject({ text: 'select $1', values: [1] });
    expect(select!.query_timeout).toBeGreaterThan(statementTimeout - 500);
    expect(select!.query_timeout).toBeLessThanOrEqual(3_750);
  });

  it('gets no more on the server than the limit of statements', async () => {
    const { client, sent } = clientThat(() => Promise.resolve({ rows: [] }), { statementLimit: 1_000 });
    await within(4_000, () => client.query('START TRANSACTION'));
    expect(sent[0]!.text).toMatch(/SET LOCAL statement_timeout = 1000;/);
  });

  it('gets a limit on the server if it writes outside a transaction and is late; the next one gets its own limit', async () => {
    const settings = { statement_timeout: 3_500, statementLimit: 30_000 };
    const { client, sent } = clientThat(() => Promise.resolve({ rows: [] }), settings);
    await within(4_000, () => asWrite(() => client.query('delete from blocks')));
    await within(2_000, () => client.query('select 1'));
    expect(sent.map(({ text }) => text)).toEqual(['delete from blocks', 'select 1']);
    await within(2_000, () => asWrite(() => client.query('delete from blocks')));
    const [, , limit, , reset] = sent.map(({ text }) => text);
    expect(Number(/^SET statement_timeout = (\d+)$/.exec(limit!)?.[1])).toBeLessThanOrEqual(1_500);
    expect(reset).toBe('SET statement_timeout = 3500');
    const { client: pooled, sent: bare } = clientThat(() => Promise.resolve({ rows: [] }));
    await within(2_000, () => asWrite(() => pooled.query('delete from blocks')));
    expect(bare).toHaveLength(1);
  });

  it('is a transaction with limits behind a pooler, sent in one go', async () => {
    let answer: (() => void) | undefined;
    const answered = new Promise<void>((resolve) => (answer = resolve));
    const limits = {
      statement_timeout: 3_500,
      lock_timeout: 1_200,
      idle_in_transaction_session_timeout: 9_000,
    };
    const { client, sent } = clientThat(
      async (text) => {
        await answered;
        return text === 'select 7' ? { rows: [7] } : { rows: [] };
      },
      { isPooler: true, statementLimit: 1_000, ...limits },
    );
    const answers = client.query('select 7');
    expect(sent.map(({ text }) => text)).toEqual([
      expect.stringMatching(
        /^START TRANSACTION ISOLATION LEVEL READ COMMITTED; .*SET LOCAL statement_timeout = 1000; SET LOCAL lock_timeout = 1200; SET LOCAL idle_in_transaction_session_timeout = 9000$/,
      ),
      'select 7',
      'COMMIT',
    ]);
    answer!();
    expect(await answers).toEqual({ rows: [7] });
    const { connectionParameters } = client as unknown as { connectionParameters: object };
    expect(connectionParameters).toMatchObject({ statement_timeout: false, lock_timeout: false });
  });

  it.each(['START TRANSACTION', 'delete', 'COMMIT'])(
    'has an unknown outcome behind a pooler if %s fails after it was sent',
    async (failing) => {
      const { client } = clientThat(
        (text) => (text.startsWith(failing) ? lost() : Promise.resolve({ rows: [] })),
        { isPooler: true },
      );
      const failed = asWrite(() => client.query('delete from blocks'));
      await expect(failed).rejects.toMatchObject({ message: /terminated/, wrote: true });
    },
  );

  it('has a known outcome if it was never sent', async () => {
    const { client } = clientThat(lost, { statement_timeout: 3_500 });
    const failed = within(2_000, () => asWrite(() => client.query('delete from blocks')));
    await expect(failed).rejects.toMatchObject({ wrote: false });
  });

  it('is not sent when the time is up; a rollback still is', async () => {
    const { client, sent } = clientThat(() => Promise.resolve({ rows: [] }));
    await within(100, async () => {
      await expect(client.query('select 1')).rejects.toThrow(DeadlineExceededError);
      await client.query('ROLLBACK');
    });
    expect(sent.map((config) => config.text)).toEqual(['ROLLBACK']);
  });

  it('has no limit if no request caused it', async () => {
    const { client, sent } = clientThat(() => Promise.resolve({ rows: [] }));
    await client.query('START TRANSACTION');
    expect(sent).toEqual([{ text: 'START TRANSACTION' }]);
  });

  it('is marked on its request while it writes', async () => {
    const seen: (boolean | undefined)[] = [];
    await within(4_000, async (context) => {
      const { client } = clientThat(() => {
        seen.push(context.writePending);
        return Promise.resolve({ rows: [] });
      });
      await client.query('select 1');
      await asWrite(() => client.query('delete from blocks'));
      seen.push(context.writePending);
    });
    expect(seen).toEqual([undefined, true, false]);
  });
});
