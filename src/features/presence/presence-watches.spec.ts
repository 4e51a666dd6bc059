import { randomUUID } from 'node:crypto';
import { PresenceDirectory } from './presence-directory';
import { PresenceWatches, type Watched } from './presence-watches';

const SERVER = 'server';

/** Sockets with watch lists, and the events that each received. */
function bench() {
  const directory = new PresenceDirectory();
  const relay = { isLive: true };
  const metrics = { counter: () => ({ inc: () => undefined }), gauge: () => undefined };
  const watches = new PresenceWatches(directory, relay as never, metrics as never);
  let emitted = 0;
  const watch = (userIds: readonly string[]): { told: string[]; people: Watched[]; id: string } => {
    const told: string[] = [];
    const id = randomUUID();
    const emit = (_event: string, { userId, status }: { userId: string; status: string }): void => {
      told.push(`${userId} ${status}`);
      emitted++;
    };
    const people = watches.replace({ id, emit } as never, randomUUID(), userIds, () => false);
    for (const watched of people) {
      watches.see(watched, 'friend');
      watches.view(watched);
    }
    return { told, people, id };
  };
  return { directory, relay, watches, watch, emitted: () => emitted };
}

describe('watching sockets', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('receive only the last of several changes, and none that was reverted', () => {
    const { directory, watch } = bench();
    const [ada, ben] = [randomUUID(), randomUUID()];
    const { told } = watch([ada, ben]);
    for (const status of ['online', 'away', 'online'] as const) directory.set(SERVER, ada, status);
    for (const status of ['online', 'offline'] as const) directory.set(SERVER, ben, status);
    jest.advanceTimersByTime(1_000);
    expect(told).toEqual([`${ada} online`]);
  });

  it('are notified in turn, in limited batches, when five thousand people connect at once', () => {
    const { directory, watch, emitted } = bench();
    const people = Array.from({ length: 5_000 }, () => randomUUID());
    const sockets = Array.from({ length: 400 }, (_, index) =>
      watch(Array.from({ length: 100 }, (_, place) => people[(index * 12 + place * 7) % 5_000]!)),
    );
    for (const userId of people) directory.set(SERVER, userId, 'online');
    let before = 0;
    const perSocket = sockets.map(() => 0);
    let ticks = 0;
    while (emitted() < 40_000 && ticks < 100) {
      jest.advanceTimersByTime(100);
      ticks++;
      expect(emitted() - before).toBeLessThanOrEqual(1_000);
      before = emitted();
      for (const [index, { told }] of sockets.entries()) {
        expect(told.length - perSocket[index]!).toBeLessThanOrEqual(50);
        perSocket[index] = told.length;
      }
      // No socket has all its events while another one has none.
      if (ticks === 20) expect(Math.min(...perSocket)).toBe(50);
    }
    expect(ticks).toBe(40);
    expect(sockets.every(({ told }) => new Set(told).size === 100)).toBe(true);
  });

  it('receive nothing from a server without a lease, and the current state when it has one again', () => {
    const { directory, relay, watch, watches } = bench();
    const [ada, ben] = [randomUUID(), randomUUID()];
    const { told, people } = watch([ada, ben]);
    relay.isLive = false;
    directory.set(SERVER, ada, 'online');
    directory.set(SERVER, ben, 'online');
    jest.advanceTimersByTime(5_000);
    expect(told).toEqual([]);
    watches.see(people[0]!, null);
    relay.isLive = true;
    jest.advanceTimersByTime(200);
    expect(told).toEqual([`${ben} online`]);
  });

  it('leave nothing behind when they disconnect', () => {
    const { directory, watch, watches } = bench();
    const ada = randomUUID();
    const { told, id } = watch([ada]);
    directory.set(SERVER, ada, 'online');
    watches.forget(id);
    jest.advanceTimersByTime(1_000);
    expect(told).toEqual([]);
    expect(watches.watching(ada)).toEqual([]);
  });
});
