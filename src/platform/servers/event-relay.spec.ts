import type { DataSource } from 'typeorm';
import type { Configuration } from '../configuration/configuration';
import type { DatabaseCircuit } from '../database/circuit';
import { EventBus } from '../events/event-bus';
import { Shared, SharedEvents } from '../events/shared';
import { Metrics } from '../metrics/metrics';
import { EventRelay } from './event-relay';
import type { HeldEvents } from './held-events';
import type { LogReader } from './log-reader';
import type { LogRow } from './relay.queries';
import { Snapshot } from './snapshot';

class Step {
  constructor(readonly number: number) {}
}
@Shared({ kind: 'test-content' })
class Content extends Step {}
@Shared({ kind: 'test-taken', rights: 'taken' })
class Taken extends Step {}
@Shared({ kind: 'test-given', rights: 'given' })
class Given extends Step {}

const KINDS = ['test-content', 'test-taken', 'test-content', 'test-given', 'test-content'];
const ROWS = KINDS.map((kind, number): LogRow => ({
  id: number,
  serverId: 'another server',
  events: [{ kind, payload: { number } }],
}));

describe('the event log', () => {
  const told: number[] = [];
  let relay: EventRelay;
  let lease: LogReader['lease'];

  beforeEach(() => {
    told.length = 0;
    const metrics = new Metrics();
    const events = new EventBus(metrics);
    for (const event of [Content, Taken, Given])
      events.on<Step>(event, ({ number }) => void told.push(number));
    relay = new EventRelay(
      {} as DataSource,
      { DATABASE_URL: 'postgres://nowhere' } as Configuration,
      events,
      new SharedEvents(),
      metrics,
      {} as DatabaseCircuit,
    );
    ({ lease } = (relay as unknown as { reader: LogReader }).reader);
    lease.renew(lease.now());
  });

  it('is delivered in its order while the others wait for this server', async () => {
    lease.catchUp();
    await relay.apply(ROWS);
    expect(told).toEqual([0, 1, 2, 3, 4]);
  });

  // Tests G6.
  it('is not delivered to users who have lost access, after a time in which the others did not wait', async () => {
    await relay.apply(ROWS);
    expect(told).toEqual([1, 3, 0, 2, 4]);
  });

  it('keeps no event of a commit that ends when this server has no lease', async () => {
    relay.begunAnew();
    await relay.announce([new Content(7)], { id: 7, transactionId: 7n });
    const { held } = relay as unknown as { held: HeldEvents };
    expect(held.size).toBe(0);
    expect(told).toEqual([]);
  });

  it('delivers a row once whose commit ends after it was read', async () => {
    const ids = (relay as unknown as { serverId: string }).serverId;
    await relay.apply([{ ...ROWS[0]!, serverId: ids }]);
    await relay.announce([new Content(0)], { id: 0, transactionId: 7n });
    const { held } = relay as unknown as { held: HeldEvents };
    expect({ told, held: held.size }).toEqual({ told: [0], held: 0 });
  });

  it('is abandoned by a server that holds too much of it, which then takes a new lease', async () => {
    const { reader, held } = relay as unknown as { reader: LogReader; held: HeldEvents };
    Object.assign(reader, { position: Snapshot.parse('1:1:') });
    let most = 0;
    for (let id = 1; reader.isRegistered && id <= 10_000; id++) {
      await relay.announceMessages([new Content(id)], { id, transactionId: BigInt(id) });
      most = Math.max(most, held.size);
    }
    expect({ most, left: held.size, isRegistered: reader.isRegistered }).toEqual({
      most: 5_000,
      left: 0,
      isRegistered: false,
    });
  });
});
