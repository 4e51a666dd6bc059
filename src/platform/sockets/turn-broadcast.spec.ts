import { createServer } from 'node:http';
import { Server, type Socket } from 'socket.io';
import { Random, SEED } from '../../../test/support/random';
import { endLab, join, RawClient, startLab, type Lab } from '../../../test/support/socket-io-lab';
import { until } from '../../../test/support/until';
import { installedVersions, untestedVersions } from './tested-versions';
import { writeOncePerTurn } from './turn-broadcast';
import { TurnTransport } from './turn-transport';

const MAX_BUFFERED_BYTES = 256 * 1024;

/** A server that writes once per event-loop turn, and the sockets that it found too slow. */
async function serve(prepare: (io: Server) => void = () => undefined): Promise<Lab & { tooSlow: object[] }> {
  const tooSlow: object[] = [];
  const lab = await startLab((io) => {
    prepare(io);
    const options = { maxBufferedBytes: MAX_BUFFERED_BYTES };
    expect(writeOncePerTurn(io, (waiting) => tooSlow.push(waiting), options)).toBeUndefined();
  });
  return { ...lab, tooSlow };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const ended = (...clients: { got: unknown[] }[]): Promise<unknown> =>
  until('the end', () => clients.every(({ got }) => got.at(-1) === 'end'));

afterEach(endLab);

describe('the write of an event-loop turn', () => {
  it('equals the bytes that Socket.IO sends by itself', async () => {
    const texts = [
      '',
      'plain',
      'ünïcödé 💬 \u2028',
      '"\\\n',
      ...[116, 117, 118, 65_526, 65_527, 70_000].map((n) => 'x'.repeat(n)),
    ];
    const script = async ({ io }: Lab, socket: Socket): Promise<void> => {
      await socket.join(['a', 'b']);
      for (const text of texts) io.to('a').emit('event', text);
      io.to(['a', 'b']).emit('event', { nested: [1, null, { deep: true }], at: new Date(0) }, 'second');
      io.to('a').emit('nothing');
      io.to('a').except('b').emit('event', 'not for us');
      io.emit('event', 'for all');
      socket.emit('event', 'direct');
      io.to('a').emit('event', Buffer.from('bytes'));
      io.to('b').emit('event', 'behind the bytes');
      io.volatile.to('a').emit('event', 'volatile');
      io.to('b').compress(false).emit('event', 'not compressed');
      io.to('a')
        .timeout(1_000)
        .emit('event', 'acknowledged by all', () => undefined);
      socket.emit('event', 'acknowledged', () => undefined);
      await turn();
      io.to('a').emit('event', 'in another turn');
      socket.emit('event', 'the last');
      socket.disconnect(true);
      io.to('a').emit('event', 'too late');
    };
    const bytes: Buffer[] = [];
    for (const start of [startLab, serve]) {
      const lab = await start();
      const arriving = new Promise<Socket>((resolve) => lab.io.once('connection', resolve));
      const client = await RawClient.connect(lab.port);
      await script(lab, await arriving);
      await until('the end', () => client.frames.at(-1)?.opcode === 8);
      bytes.push(client.bytesOnceConnected);
    }
    const [plain, fast] = bytes;
    expect(plain!.length).toBeGreaterThan(200_000);
    expect(fast!.equals(plain!)).toBe(true);
  });

  it('happens once for each socket, for any number of events', async () => {
    const lab = await serve();
    const members = [await join(lab), await join(lab), await join(lab)];
    for (const { socket } of members) await socket.join('room');
    const outsider = await join(lab);
    await turn();
    const before = lab.writes();
    for (let n = 0; n < 50; n++) lab.io.to('room').emit('event', n);
    for (const { socket } of members) socket.emit('event', 'direct');
    lab.io.to('room').emit('event', 50);
    expect(lab.writes()).toBe(before);
    await turn();
    expect(lab.writes()).toBe(before + members.length);
    lab.io.emit('end');
    await ended(...members, outsider);
    const numbers = Array.from({ length: 50 }, (_, n) => n);
    for (const { got } of members) expect(got).toEqual([...numbers, 'direct', 50, 'end']);
    expect(outsider.got).toEqual(['end']);
  });

  // Tests G10.
  it(`keeps the order of emission for every socket and over both transports (SEED=${SEED})`, async () => {
    const random = new Random(SEED);
    const lab = await serve();
    const people = [];
    for (const transports of [['websocket'], ['websocket'], ['polling'], ['websocket'], ['polling']])
      people.push(await join(lab, transports));
    const rooms = ['a', 'b', 'c'];
    const expected = people.map((): unknown[] => []);
    const inside = people.map(() => new Set<string>());
    const any = <T>(list: T[]): T => random.pick(list);
    const hear = (fits: (who: number) => boolean, n: number): void =>
      expected.forEach((list, who) => fits(who) && list.push(n));
    for (let n = 0; n < 3_000; n++) {
      const [room, other, who] = [any(rooms), any(rooms), any([...people.keys()])];
      const { socket } = people[who]!;
      const isIn =
        (...names: string[]) =>
        (index: number) =>
          names.some((name) => inside[index]!.has(name));
      const [inRoom, inOther] = [isIn(room), isIn(other)];
      await any([
        async () => (lab.io.to(room).emit('event', n), hear(inRoom, n)),
        async () => (lab.io.to(room).emit('event', n), hear(inRoom, n)),
        async () => (lab.io.to([room, other]).emit('event', n), hear(isIn(room, other), n)),
        async () => (
          lab.io.to(room).except(other).emit('event', n),
          hear((i) => inRoom(i) && !inOther(i), n)
        ),
        async () => (lab.io.emit('event', n), hear(() => true, n)),
        async () => (socket.emit('event', n), hear((i) => i === who, n)),
        async () => (socket.to(room).emit('event', n), hear((i) => i !== who && inRoom(i), n)),
        async () => (socket.emit('event', n, () => undefined), hear((i) => i === who, n)),
        async () => (lab.io.to(room).emit('event', n, Buffer.from('x')), hear(inRoom, n)),
        async () => (
          lab.io
            .to(room)
            .timeout(100)
            .emit('event', n, () => undefined),
          hear(inRoom, n)
        ),
        async () => (lab.io.to(room).compress(false).emit('event', n), hear(inRoom, n)),
        async () => (await socket.join(room), void inside[who]!.add(room)),
        async () => (await socket.leave(room), void inside[who]!.delete(room)),
        async () => random.chance(0.3) && turn(),
        async () => {
          const { transport } = socket.conn;
          if (transport instanceof TurnTransport) transport.isBundling = random.chance(0.5);
        },
      ])();
    }
    lab.io.emit('end');
    await ended(...people);
    people.forEach(({ got }, who) => expect(got.slice(0, -1)).toEqual(expected[who]));
    expect(expected.every((list) => list.length > 300)).toBe(true);
  }, 30_000);

  it('reaches only sockets that were in the room at the emission, at once when they leave', async () => {
    const lab = await serve();
    const [leaver, stayer] = [await join(lab), await join(lab)];
    for (const { socket } of [leaver, stayer]) await socket.join('room');
    await turn();
    lab.io.to('room').emit('event', 'before');
    const before = lab.writes();
    await leaver.socket.leave('room');
    expect(lab.writes()).toBe(before + 1);
    lab.io.to('room').emit('event', 'after');
    lab.io.emit('end');
    await ended(leaver, stayer);
    expect(leaver.got).toEqual(['before', 'end']);
    expect(stayer.got).toEqual(['before', 'after', 'end']);
  });

  it('precedes a disconnection in the same turn, and contains nothing after it', async () => {
    const lab = await serve();
    const [first, second, stayer] = [await join(lab), await join(lab), await join(lab)];
    for (const { socket } of [first, second, stayer]) await socket.join('room');
    await turn();
    lab.io.to('room').emit('event', 1);
    first.socket.emit('event', 'goodbye');
    first.socket.disconnect(true);
    lab.io.to('room').emit('event', 2);
    lab.io.in(second.socket.id).disconnectSockets(true);
    lab.io.to('room').emit('event', 3);
    lab.io.emit('end');
    await ended(stayer);
    await until('both to be gone', () => !first.client.connected && !second.client.connected);
    expect(first.got).toEqual([1, 'goodbye']);
    expect(second.got).toEqual([1, 2]);
    expect(stayer.got).toEqual([1, 2, 3, 'end']);
  });

  it('loses nothing for others when a client disconnects during a turn', async () => {
    const lab = await serve();
    const [goer, stayer] = [await join(lab), await join(lab)];
    for (const { socket } of [goer, stayer]) await socket.join('room');
    let n = 0;
    while (lab.io.sockets.sockets.size > 1) {
      for (let k = 0; k < 20; k++) lab.io.to('room').emit('event', n++);
      if (n === 200) goer.client.io.engine.transport.close();
      if (n === 400)
        (goer.socket.conn.transport as unknown as { socket: { terminate(): void } }).socket.terminate();
      await turn();
    }
    lab.io.emit('end');
    await ended(stayer);
    expect(stayer.got).toEqual([...Array(n).keys(), 'end']);
  });

  it('arrives whole while a client upgrades from polling to WebSocket', async () => {
    const lab = await serve();
    const one = await join(lab, ['polling', 'websocket']);
    await one.socket.join('room');
    let n = 0;
    for (let rest = 50; rest > 0;) {
      lab.io.to('room').emit('event', n++);
      one.socket.emit('event', n++);
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (one.socket.conn.transport instanceof TurnTransport) rest--;
    }
    lab.io.emit('end');
    await ended(one);
    expect(one.got).toEqual([...Array(n).keys(), 'end']);
  });

  it('reaches the sockets of other processes as well, over an adapter', async () => {
    const Base = new Server().adapter() as unknown as new (nsp: unknown) => {
      broadcast(packet: object, options: object): void;
    };
    const nodes: InstanceType<typeof Base>[] = [];
    class TellingAdapter extends Base {
      constructor(nsp: unknown) {
        super(nsp);
        nodes.push(this);
      }
      override broadcast(packet: object, options: object): void {
        for (const node of nodes.filter((other) => other !== this))
          Base.prototype.broadcast.call(node, structuredClone(packet), options);
        super.broadcast(packet, options);
      }
    }
    const prepare = (io: Server): void => void io.adapter(TellingAdapter as never);
    const labs = [await serve(prepare), await serve(prepare)];
    // Setting an adapter creates another one for the existing namespace. The last one of each server is in use.
    nodes.splice(0, nodes.length, ...labs.map(({ io }) => io.sockets.adapter as never));
    const people = [await join(labs[0]!), await join(labs[1]!)];
    for (const { socket } of people) await socket.join('room');
    await turn();
    const before = labs.map(({ writes }) => writes());
    for (let n = 0; n < 10; n++) labs[0]!.io.to('room').emit('event', n);
    labs[0]!.io.emit('end');
    await turn();
    expect(labs.map(({ writes }, index) => writes() - before[index]!)).toEqual([1, 1]);
    await ended(...people);
    for (const { got } of people) expect(got).toEqual([...Array(10).keys(), 'end']);
  });
});

describe('a socket that does not read', () => {
  const text = 'x'.repeat(16_000);

  it('is closed with a reason once too much is pending, after a gapless beginning; others continue', async () => {
    const lab = await serve();
    const reader = await join(lab);
    const arriving = new Promise<Socket>((resolve) => lab.io.once('connection', resolve));
    const sleeper = await RawClient.connect(lab.port);
    const asleep = await arriving;
    let reason: string | undefined;
    asleep.once('disconnect', (why) => (reason = why));
    sleeper.socket.pause();
    let n = 0;
    const say = async (): Promise<void> => {
      for (let k = 0; k < 20; k++) lab.io.emit('event', n++, text);
      await until('the reader', () => reader.got.length === n);
    };
    const { external } = process.memoryUsage();
    while (lab.tooSlow.length === 0 && n < 20_000) await say();
    for (let more = 0; more < 50; more++) await say();
    expect(reason).toBe('transport close');
    expect(lab.io.sockets.sockets.size).toBe(1);
    expect(lab.tooSlow).toEqual([{ waitingBytes: expect.any(Number) }]);
    const { waitingBytes } = lab.tooSlow[0] as { waitingBytes: number };
    expect(waitingBytes).toBeGreaterThan(MAX_BUFFERED_BYTES);
    expect(waitingBytes).toBeLessThan(MAX_BUFFERED_BYTES + 128 * 1024);
    // Far more bytes than the limit were emitted since.
    expect(process.memoryUsage().external - external).toBeLessThan(30 * 1024 * 1024);
    sleeper.socket.resume();
    await until('the last frame', () => sleeper.frames.at(-1)?.opcode === 8);
    const { payload } = sleeper.frames.at(-1)!;
    expect(payload.readUInt16BE(0)).toBe(1013);
    expect(payload.subarray(2).toString()).toBe('too slow: reconnect and fetch the missing messages');
    const heard = sleeper.texts
      .filter((said) => said.startsWith('42'))
      .map((said) => JSON.parse(said.slice(2))[1]);
    expect(heard.length).toBeGreaterThan(0);
    expect(heard).toEqual([...Array(heard.length).keys()]);
  }, 60_000);

  it('can receive a single event that is larger than the limit', async () => {
    const lab = await serve();
    const one = await join(lab);
    lab.io.emit('event', 'y'.repeat(20 * MAX_BUFFERED_BYTES));
    await until('all of it', () => one.got.length === 1);
    lab.io.emit('end');
    await ended(one);
    expect(lab.tooSlow).toEqual([]);
  });

  it('is closed as well when polling', async () => {
    const lab = await serve();
    const reader = await join(lab, ['polling']);
    const address = `http://127.0.0.1:${lab.port}/socket.io/?EIO=4&transport=polling`;
    const { sid } = JSON.parse((await (await fetch(address)).text()).slice(1)) as { sid: string };
    const arriving = new Promise<Socket>((resolve) => lab.io.once('connection', resolve));
    await fetch(`${address}&sid=${sid}`, { method: 'POST', body: '40' });
    const asleep = await arriving;
    for (let n = 0; n < 6_000; n += 1_000) {
      for (let k = 0; k < 1_000; k++) lab.io.emit('event', n + k);
      await until('the reader', () => reader.got.length === n + 1_000);
    }
    expect(asleep.connected).toBe(false);
    expect(lab.tooSlow).toEqual([{ waitingPackets: 5_001 }]);
    expect(reader.client.connected).toBe(true);
  }, 30_000);
});

describe('the ordinary path of Socket.IO is used', () => {
  it('by a socket that switches to it, from then on and after all earlier events', async () => {
    const lab = await serve();
    const [switched, other] = [await join(lab), await join(lab)];
    for (const { socket } of [switched, other]) await socket.join('room');
    await turn();
    lab.io.to('room').emit('event', 0);
    (switched.socket.conn.transport as unknown as TurnTransport).isBundling = false;
    const before = lab.writes();
    for (let n = 1; n <= 10; n++) lab.io.to('room').emit('event', n);
    switched.socket.emit('event', 'direct');
    lab.io.emit('end');
    await ended(switched, other);
    // Each frame was written separately; together they would need only a few writes.
    expect(lab.writes() - before).toBeGreaterThanOrEqual(12);
    const all = [...Array(11).keys()];
    expect(switched.got).toEqual([...all, 'direct', 'end']);
    expect(other.got).toEqual([...all, 'end']);
  }, 30_000);

  it('with any version that was not tested; the installed versions were', async () => {
    expect(untestedVersions(installedVersions())).toEqual([]);
    for (const name of ['socket.io', 'socket.io-adapter', 'engine.io', 'ws'] as const) {
      let reason: string | undefined;
      const lab = await startLab((io) => {
        const versions = { ...installedVersions(), [name]: '99.0.0' };
        reason = writeOncePerTurn(io, () => undefined, { versions });
      });
      expect(reason).toBe(`not tested with ${name} 99.0.0`);
      const one = await join(lab);
      expect(one.socket.conn.transport).not.toBeInstanceOf(TurnTransport);
      lab.io.emit('end');
      await ended(one);
    }
  });

  it('when frames are compressed', async () => {
    const io = new Server(createServer(), { perMessageDeflate: true });
    expect(writeOncePerTurn(io, () => undefined)).toBe('frames are compressed');
    await io.close();
  });
});
