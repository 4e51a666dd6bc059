import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Rooms } from '../src/platform/sockets/rooms';
import { TurnTransport } from '../src/platform/sockets/turn-transport';
import { call } from './support/api';
import { signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import type { TestSocket } from './support/test-socket';
import { until } from './support/until';

const NAME = 'one-write-per-turn';

describe('the flag of one write for each socket and turn', () => {
  const directory = mkdtempSync(join(tmpdir(), 'xfchat-flags-'));
  const path = join(directory, 'flags.json');
  let server: TestServer;
  let people: Person[];
  let sockets: TestSocket[];
  let conversationId: string;

  const write = (flag: object): void =>
    writeFileSync(
      path,
      JSON.stringify({
        flags: {
          [NAME]: { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'on', ...flag },
        },
      }),
    );
  const onlyFor = (...chosen: Person[]): object => ({
    targeting: { if: [{ in: [{ var: 'targetingKey' }, chosen.map(({ id }) => id)] }, 'on', 'off'] },
  });
  /** The write mode of each person's socket: one write per turn, Socket.IO's own writes, or polling. */
  const ways = (): string[] => {
    const connected = server.application.get(Rooms).lives();
    return people.map(({ id }) => {
      const transport = connected.find(({ identity }) => identity!.userId === id)?.socket.conn.transport;
      return transport instanceof TurnTransport ? (transport.isBundling ? 'turn' : 'plain') : 'neither';
    });
  };
  const settles = (...expected: string[]): Promise<unknown> =>
    until(`the sockets to be written to as ${expected.join()}`, () => ways().join() === expected.join());
  const flags = async () => (await call(server.url, 'GET', '/health')).body.details.flags;

  beforeAll(async () => {
    write({ defaultVariant: 'on' });
    server = await startTestServer({ environment: { FLAGS_FILE: path } });
    people = await signUpAll(server.url, 2);
    conversationId = await people[0]!.group(people[1]!);
    sockets = [
      await people[0]!.connect(),
      await people[1]!.connect({ transports: ['polling', 'websocket'] }),
    ];
  });
  afterAll(async () => {
    await server.close();
    rmSync(directory, { recursive: true });
  });

  it('reaches connected sockets of every transport, and health reports it', async () => {
    await settles('turn', 'turn');
    expect(await flags()).toMatchObject({
      status: 'up',
      reason: 'ok',
      unknown: [],
      flags: [{ name: NAME, onPercent: 100, source: 'file' }],
    });
    write(onlyFor(people[1]!));
    await settles('plain', 'turn');
    expect((await flags()).flags).toEqual([{ name: NAME, onPercent: null, source: 'file' }]);
    write({ defaultVariant: 'off' });
    await settles('plain', 'plain');
    expect((await flags()).flags).toEqual([{ name: NAME, onPercent: 0, source: 'file' }]);
  });

  it('applies to sockets that connect later, and to those that begin by polling', async () => {
    sockets.forEach((socket) => socket.close());
    await settles('neither', 'neither');
    sockets = [
      await people[0]!.connect(),
      await people[1]!.connect({ transports: ['polling', 'websocket'] }),
    ];
    await settles('plain', 'plain');
  });

  it('changes during a conversation, and no message is lost, doubled or out of order', async () => {
    const heard = (): number[][] =>
      sockets.map((socket) => socket.payloads('message:created').map((message) => message.seq));
    let seq = 0;
    const say = async (): Promise<void> => {
      const sent = await Promise.all(
        Array.from({ length: 10 }, (_, n) =>
          sockets[n % 2]!.ok('message:send', { conversationId, body: 'x' }),
        ),
      );
      seq = Math.max(...sent.map((message) => message.seq));
    };
    for (const isOn of [true, false, true]) {
      write({ defaultVariant: isOn ? 'on' : 'off' });
      await until(
        'the flip',
        async () => (await say(), ways().every((way) => way === (isOn ? 'turn' : 'plain'))),
      );
    }
    await until('everything', () => heard().every((list) => list.at(-1) === seq));
    const all = Array.from({ length: seq }, (_, n) => n + 1);
    expect(heard()).toEqual([all, all]);
  });

  it('keeps its value when the file becomes invalid, and health reports that without turning red', async () => {
    writeFileSync(path, '{"flags":');
    await until('the fault', async () => (await flags()).reason === 'broken-file');
    expect(await flags()).toMatchObject({
      status: 'up',
      fault: expect.any(String),
      flags: [{ name: NAME, onPercent: 100 }],
    });
    expect(ways()).toEqual(['turn', 'turn']);
    expect((await call(server.url, 'GET', '/health/ready')).status).toBe(200);
  });
});
