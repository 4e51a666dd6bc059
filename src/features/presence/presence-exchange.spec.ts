import { randomUUID } from 'node:crypto';
import { Random, SEEDS } from '../../../test/support/random';
import { PresenceDirectory } from './presence-directory';
import { PresenceExchange } from './presence-exchange';

type Listener = (payload: unknown) => void;

/** Servers that receive each other's signals, except those that `isLost` drops. */
function servers(count: number, isLost: (kind: string) => boolean = () => false) {
  const sent: { kind: string; bytes: number; at: number }[] = [];
  const all = Array.from({ length: count }, () => {
    const listeners = new Map<string, Listener>();
    const relay = { serverId: randomUUID(), isLive: true };
    const directory = new PresenceDirectory();
    const signals = {
      on: (kind: string, listener: Listener) => listeners.set(kind, listener),
      publish: (kind: string, _room: string, payload: object) => {
        const text = JSON.stringify([kind, _room, payload]);
        sent.push({ kind, bytes: text.length, at: performance.now() });
        for (const other of all)
          if (other.isUp && (other.relay === relay || !isLost(kind)))
            other.listeners.get(kind)?.(JSON.parse(JSON.stringify(payload)));
      },
    };
    const exchange = new PresenceExchange(
      relay as never,
      signals as never,
      { open: () => undefined } as never,
      directory,
    );
    const silent: string[] = [];
    exchange.onSilence((userIds) => silent.push(...userIds));
    exchange.onModuleInit();
    return { listeners, relay, directory, exchange, silent, isUp: true };
  });
  return { all, sent };
}

type Server = ReturnType<typeof servers>['all'][number];

function say(
  { relay, directory, exchange }: Server,
  userId: string,
  status: 'online' | 'away' | 'offline',
): void {
  directory.set(relay.serverId, userId, status);
  exchange.tell(userId);
}

/** The status of another server's users, as one server knows it. */
function belief(of: Server, about: Server): Record<string, string> {
  const { serverId } = about.relay;
  return Object.fromEntries(
    of.directory
      .peopleOf(serverId)
      .sort()
      .map((userId) => [userId, of.directory.saidBy(serverId, userId)]),
  );
}

describe('the presence that servers exchange', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it.each(SEEDS)('converges, whichever signals are lost (SEED=%d)', (seed) => {
    const chance = new Random(seed);
    let loss = 0.3;
    const { all } = servers(3, () => chance.chance(loss));
    const people = Array.from({ length: 200 }, () => randomUUID());
    for (let step = 0; step < 300; step++) {
      const status = chance.pick(['online', 'away', 'offline'] as const);
      say(chance.pick(all), chance.pick(people), status);
      jest.advanceTimersByTime(chance.below(120));
    }
    loss = 0;
    jest.advanceTimersByTime(10_000);
    for (const of of all) for (const about of all) expect(belief(of, about)).toEqual(belief(about, about));
  });

  it('ends within eight seconds for a silent server, and not while no signal arrives at all', () => {
    const { all } = servers(2);
    const [one, two] = all as [Server, Server];
    const userId = randomUUID();
    say(two, userId, 'online');
    jest.advanceTimersByTime(5_000);
    expect(one.directory.statusOf(userId)).toBe('online');
    two.exchange.onModuleDestroy();
    one.relay.isLive = false;
    jest.advanceTimersByTime(60_000);
    expect(one.directory.statusOf(userId)).toBe('online');
    one.relay.isLive = true;
    jest.advanceTimersByTime(8_000);
    expect(one.directory.statusOf(userId)).toBe('offline');
    expect(one.silent).toEqual([userId]);
  });

  it('stays small when five thousand people come at once', () => {
    const { all, sent } = servers(2);
    const [one, two] = all as [Server, Server];
    jest.advanceTimersByTime(3_000);
    sent.splice(0);
    const begun = performance.now();
    const people = Array.from({ length: 5_000 }, () => randomUUID());
    for (const userId of people) say(one, userId, 'online');
    jest.advanceTimersByTime(1_200);
    expect(two.directory.peopleOf(one.relay.serverId)).toHaveLength(5_000);
    const batches = sent.filter(({ kind }) => kind === 'presence');
    expect(batches).toHaveLength(125);
    expect(Math.max(...batches.map(({ bytes }) => bytes))).toBeLessThan(2_000);
    const ticks = new Map<number, number>();
    for (const { at, bytes } of batches) ticks.set(at - begun, (ticks.get(at - begun) ?? 0) + bytes);
    // A third of the bytes that signals may carry within 25 ms.
    expect(Math.max(...ticks.values())).toBeLessThan(64 * 1_024 * 0.34);
    expect(Math.max(...ticks.keys())).toBeLessThanOrEqual(1_100);
  });
});
