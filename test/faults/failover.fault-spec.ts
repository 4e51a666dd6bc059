import { randomUUID } from 'node:crypto';
import { XFChatClient, type Conversation } from '../../client/src/index';
import { storageOf } from '../support/client-storage';
import { FaultBench } from '../support/fault-bench';
import { until } from '../support/until';

jest.setTimeout(120_000);

describe('a standby that takes over', () => {
  let bench: FaultBench;
  let ben: XFChatClient;
  let conversation: Conversation;
  beforeAll(async () => {
    bench = await FaultBench.start();
    ben = new XFChatClient({ url: bench.server.url, storage: await storageOf(bench.people[1]!) });
    await ben.resume();
    conversation = await ben.open(bench.conversationId);
    await ben.untilComplete(); // he receives later messages live
  }, 60_000);
  afterAll(async () => {
    await ben.stop();
    await bench.close();
  });

  /** Sends until the message is acknowledged, as clients do. */
  async function send(body: string): Promise<void> {
    const id = randomUUID();
    const path = `/conversations/${bench.conversationId}/messages`;
    await until(`“${body}” to be acknowledged`, async () => {
      const answer = await bench.people[0]!.call('POST', path, { id, body }).catch(() => undefined);
      return answer !== undefined && answer.status < 300;
    });
  }

  const bodies = (): string[] => conversation.messages.map(({ body }) => body!);

  // Tests G4.
  it('F28: lacks the last commits, so all clients restart under another epoch', async () => {
    const { postgres, sockets, conversationId: id } = bench;
    await send('kept');
    await postgres.makeStandby();
    await send('lost');
    await send('lost as well');
    await until('all of them', () => bodies().length === 3);

    await postgres.failOver();
    await send('new');
    await until('what is new', () => bodies().join() === 'new');
    await conversation.older();
    expect(bodies()).toEqual(['kept', 'new']);

    expect(await postgres.query('select epoch, timeline::integer from database_state')).toEqual([
      { epoch: 2, timeline: 2 },
    ]);
    await Promise.all(sockets.map((socket) => socket.disconnected()));
    const before = await bench.people[0]!.call('GET', `/conversations/${id}/changes?seq=1&rev=1&epoch=1`);
    expect(before).toMatchObject({ status: 409, body: { code: 'cursor-reset' } });
    expect(bench.server.hasEnded).toBe(false);
  });

  it('keeps the epoch when it crashes and recovers all commits', async () => {
    const { postgres } = bench;
    const state = await postgres.query('select epoch, timeline::integer from database_state');
    const socket = await bench.people[0]!.connect();
    postgres.signalAll('SIGKILL');
    await postgres.start();
    await send('after the crash');
    await until('readiness', async () => (await bench.look()).ready === 200);
    expect(await postgres.query('select epoch, timeline::integer from database_state')).toEqual(state);
    expect(socket.disconnectReason).toBeUndefined();
    socket.close();
  });
});
