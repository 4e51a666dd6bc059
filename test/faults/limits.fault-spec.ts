import { connect, type Socket } from 'node:net';
import { FaultBench } from '../support/fault-bench';
import type { TestSocket } from '../support/test-socket';
import { until } from '../support/until';

jest.setTimeout(120_000);

/** Silent connections, always as many as the server accepts. */
class Crowd {
  refused = 0;
  private readonly members = new Set<Socket>();
  private isWanted = true;

  constructor(
    private readonly url: URL,
    size: number,
  ) {
    for (let index = 0; index < size; index++) this.add();
  }

  leave(): void {
    this.isWanted = false;
    for (const member of this.members) member.destroy();
  }

  private add(): void {
    const member = connect(Number(this.url.port), this.url.hostname);
    this.members.add(member);
    member.on('error', () => undefined);
    member.on('close', () => {
      this.members.delete(member);
      this.refused++;
      if (this.isWanted) setTimeout(() => this.isWanted && this.add(), 200);
    });
  }
}

function connectionOf({ socket }: TestSocket): Socket {
  const { transport } = socket.io.engine as unknown as { transport: { ws: { _socket: Socket } } };
  return transport.ws._socket;
}

describe('a server at its limits', () => {
  it('F36: no file descriptors are left', async () => {
    const bench = await FaultBench.start({
      prefix: ['sh', '-c', 'ulimit -n 256; exec "$@"', 'sh'],
      isOverHttp: false,
    });
    try {
      let crowd: Crowd | undefined;
      const verdict = await bench.through('F36', {
        begin: async () => {
          crowd = new Crowd(new URL(bench.server.url), 400);
          await until('connections to be refused', () => crowd!.refused > 100);
        },
        meanwhile: async () => {
          // Existing sockets continue; actions that need another descriptor are rejected.
          const target = bench.load.acknowledged.size + 50;
          await until('messages to be stored none the less', () => bench.load.acknowledged.size > target);
          // The silent connections also take the descriptors of the database connections.
          bench.proxy.set('refuse');
          await bench.unready();
          await bench.refusals(20);
          bench.proxy.set('pass');
          await bench.refusals(20);
        },
        end: () => crowd?.leave(),
      });
      await bench.expectWhole(verdict);
    } finally {
      await bench.close();
    }
  });

  it('F37: a busy room has listeners that do not read, and memory is low', async () => {
    const bench = await FaultBench.start({ nodeOptions: ['--max-old-space-size=128'] });
    const slow: Socket[] = [];
    try {
      const closings = (): number => bench.server.log.match(/a socket was closed/g)?.length ?? 0;
      for (let index = 0; index < 3; index++) slow.push(connectionOf(await bench.people[1]!.connect()));
      bench.beginLoad();
      for (const connection of slow) connection.pause();
      const large = '🦉'.repeat(4_000);
      let isBusy = true;
      const talk = Array.from({ length: 8 }, async () => {
        while (isBusy)
          await bench.people[0]!.call('POST', `/conversations/${bench.conversationId}/messages`, {
            body: large,
          });
      });
      await until('the slow listeners to be closed', () => closings() >= slow.length, 50_000);
      isBusy = false;
      await Promise.all(talk);
      expect(bench.server.memoryBytes).toBeLessThan(600 * 1024 * 1024);
      bench.load.mark();
      const recoveryMs = await until('a message to be acknowledged', () => bench.load.recoveryMs);
      const verdict = await bench.conclude('F37', bench.looks.splice(0), recoveryMs, [
        'who does not read is closed',
      ]);
      await bench.expectWhole(verdict);
      expect(verdict.ready).toEqual(['green']);
    } finally {
      for (const connection of slow) connection.destroy();
      await bench.close();
    }
  });
});
