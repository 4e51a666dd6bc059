import type { DataSource } from 'typeorm';
import { DatabaseCircuit } from '../../platform/database/circuit';
import { Maintenance } from '../../platform/database/maintenance';
import { EventBus } from '../../platform/events/event-bus';
import { Metrics } from '../../platform/metrics/metrics';
import { runInContext } from '../../platform/request-context';
import type { EventRelay } from '../../platform/servers/event-relay';
import { Tracing } from '../../platform/tracing/tracing';
import { MessageWriter } from './message-writer';
import { MessageCreated } from './messages.events';

const [ROOM, OTHER] = ['the room', 'another'];
/** The other fields of a message. */
const REST = { senderId: 's', type: 'text', body: 'x', replyToId: null, attachmentIds: [] } as const;

/** A writer whose database stores everything at once and remembers its batches. */
function writerOf(): {
  writer: MessageWriter;
  events: EventBus;
  batches: string[][];
  rows: Map<string, object>;
} {
  const batches: string[][] = [];
  /** Columns of a message that the defaults below do not cover. */
  const rows = new Map<string, object>();
  const query = async (_text: string, [ids, conversationIds]: string[][]): Promise<object[]> => {
    batches.push(ids!);
    return ids!.map((id, index) => ({
      outcome: 'created',
      id,
      conversation_id: conversationIds![index],
      created_at: new Date(),
      updated_at: new Date(),
      ...rows.get(id),
    }));
  };
  const metrics = new Metrics();
  const events = new EventBus(metrics);
  const dataSource = { manager: { query } } as unknown as DataSource;
  const circuit = new DatabaseCircuit();
  /** Like the relay of a server that runs alone. */
  const relay = {
    hasPeers: false,
    announceMessages: async (created: readonly object[]) => {
      for (const event of created) await events.publish(event);
    },
  } as unknown as EventRelay;
  const writer = new MessageWriter(dataSource, relay, metrics, circuit, new Maintenance(), new Tracing());
  return { writer, events, batches, rows };
}

describe('the writer of messages', () => {
  it('puts replies to a broadcast into the next batch of its conversation, and delays no other', async () => {
    const { writer, events, batches } = writerOf();
    const append = (id: string, conversationId: string): Promise<unknown> =>
      writer.append({ id, conversationId, ...REST });
    const answered = new Promise((resolve) => {
      events.on(MessageCreated, ({ message }) => {
        if (message.id === 'first') setImmediate(() => resolve(append('answer', ROOM)));
      });
    });
    const early = [append('first', ROOM), append('second', ROOM), append('elsewhere', OTHER)];
    await Promise.all([...early, answered]);
    expect(batches).toEqual([['first'], ['elsewhere'], ['second', 'answer']]);
  });

  // Tests G23.
  it('acknowledges a message although another of its batch fails after the commit', async () => {
    const { writer, batches, rows } = writerOf();
    const append = (id: string): Promise<{ isNew: boolean }> =>
      writer.append({ id, conversationId: ROOM, ...REST });
    rows.set('odd', { created_at: undefined });
    const [, odd, last] = await Promise.allSettled(['first', 'odd', 'last'].map(append));
    expect(odd).toMatchObject({ status: 'rejected', reason: { name: 'TypeError' } });
    expect(last).toMatchObject({ status: 'fulfilled', value: { isNew: true } });
    expect(batches).toEqual([['first'], ['odd', 'last']]);
  });

  it('reads no spans while nothing is traced', async () => {
    const { writer } = writerOf();
    const span = jest.fn();
    const context = Object.defineProperty({ requestId: 'r', deadline: Infinity }, 'span', { get: span });
    const append = (id: string): Promise<unknown> => writer.append({ id, conversationId: ROOM, ...REST });
    await runInContext(context, () => Promise.all([append('first'), append('second')]));
    expect(span).not.toHaveBeenCalled();
  });
});
