import { signUpAll, type Person } from '../support/people';
import { createTestDatabase, type TestDatabase } from '../support/databases';
import { ServerProcess } from '../support/server-process';
import { until } from '../support/until';
import { RawExchange } from './support/raw-exchange';

describe('a timeline with many subscribers', () => {
  let database: TestDatabase;
  let server: ServerProcess;
  let ada: Person;
  let conversationId: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    server = await ServerProcess.start({
      environment: { DATABASE_URL: database.url, CONTACT_POLICY: 'open', CANARY_INTERVAL_MS: '0' },
    });
    [ada] = (await signUpAll(server.url, 1)) as [Person];
  });
  const closing: (() => void)[] = [];
  beforeEach(async () => {
    conversationId = await ada.group();
  });
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });
  afterAll(async () => {
    await server.close();
    await database.drop();
  });

  /** Subscribes; retries while a busy server answers 503. */
  const follow = (): Promise<RawExchange> =>
    until(
      'a stream',
      async () => {
        const stream = await RawExchange.begin(
          `${server.url}/api/v1/conversations/${conversationId}/messages`,
          { headers: { Authorization: `Bearer ${ada.accessToken}`, Subscribe: 'true', Parents: '"0.0"' } },
        );
        if (stream.status === 209) return stream;
        stream.close();
        return undefined;
      },
      90_000,
    );
  const lines = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index + 1}.0`);
  const versions = ({ updates }: RawExchange): string[] => updates.map(({ version }) => version![0]!);
  /** Sends several at a time over sockets. @returns the ids in the order of their `seq` */
  async function send(count: number, body: string): Promise<string[]> {
    const sockets = await Promise.all(Array.from({ length: 4 }, () => ada.connect()));
    const sent = await Promise.all(
      sockets.map(async (socket) => {
        const own: { id: string; seq: number }[] = [];
        for (let index = 0; index < count / 4; index++)
          own.push(await socket.ok('message:send', { conversationId, body }));
        socket.close();
        return own;
      }),
    );
    return sent
      .flat()
      .sort((a, b) => a.seq - b.seq)
      .map(({ id }) => id);
  }

  it('sends each of a hundred every message once, in order', async () => {
    const streams = await Promise.all(Array.from({ length: 100 }, () => follow()));
    const late: Promise<RawExchange>[] = [];
    const sending = send(200, 'hello');
    // Some subscribe meanwhile: the snapshot and the updates must fit together.
    await streams[0]!.atLeast(50);
    for (let index = 0; index < 10; index++) late.push(follow());
    const ids = await sending;
    streams.push(...(await Promise.all(late)));
    for (const stream of streams) {
      await until('the last message', () => stream.fault ?? stream.updates.length >= 200, 90_000);
      expect(stream.fault).toBeUndefined();
      expect(versions(stream)).toEqual(lines(200));
      expect(stream.updates.map(({ patches }) => patches![0]!.range)).toEqual(
        ids.map((id) => `.messages["${id}"]`),
      );
      expect(stream.updates.map(({ parents }) => parents![0])).toEqual(['0.0', ...lines(199)]);
      stream.close();
    }
  }, 180_000);

  it('keeps nothing in memory for subscribers that stopped reading', async () => {
    // In JSON each of these characters takes six bytes.
    const ids = await send(600, `a${'\u0001'.repeat(3_999)}`);
    const unread = async (): Promise<number> => {
      const metrics = await (await fetch(`${server.url}/metrics`)).text();
      const ofWorkers = [...metrics.matchAll(/^xfchat_streams_unread_bytes(?:\{.*\})? (\d+)$/gm)];
      return ofWorkers.reduce((sum, [, bytes]) => sum + Number(bytes), 0);
    };
    for (let count = 0; count < 30; count++) {
      const stream = await follow();
      stream.stopReading();
      closing.push(() => stream.close());
    }
    const most = await until('something unread', async () => {
      const waiting = await unread();
      return waiting > 256 * 1024 && waiting;
    });
    // Readers receive everything meanwhile, including new messages.
    const reader = await follow();
    await until('what was stored', () => reader.updates.length >= 600, 90_000);
    ids.push(...(await send(40, 'new')));
    await until('the new ones', () => reader.updates.length >= 640, 90_000);
    expect(versions(reader)).toEqual(lines(640));
    expect(reader.updates.map(({ patches }) => patches![0]!.range)).toEqual(
      ids.map((id) => `.messages["${id}"]`),
    );
    // Each may leave 256 KiB and one message unsent. The unread messages are many times as large.
    expect(most).toBeLessThan(31 * (256 + 32) * 1024);
    expect(await unread()).toBeLessThan(31 * (256 + 32) * 1024);
    reader.close();
  }, 180_000);
});
