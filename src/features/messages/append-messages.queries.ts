import type { DataSource, EntityManager } from 'typeorm';
import { inTransaction } from '../../platform/database/transaction';
import { asWrite } from '../../platform/database/write-scope';
import type { Logged } from '../../platform/events/announcer';
import { FORBIDDEN, TEMPORARILY_UNAVAILABLE } from '../../platform/problems/general-problems';
import { Problem } from '../../platform/problems/problem';
import type { ProblemKind } from '../../platform/problems/problem-kind';
import { CONVERSATION_NOT_FOUND } from '../membership/membership.problems';
import type { MessageType } from './message.entity';
import type { MessageRow } from './message-view';
import { mentionNamesIn } from './mention-names';
import { claimAttachments } from './message-attachments.queries';
import { columnsOf } from './message-mentions.queries';
import { findMessages } from './messages.queries';
import { MESSAGE_ID_CONFLICT, MESSAGE_NOT_FOUND } from './messages.problems';

/** A message to be stored. The function `append_messages` checks the sender. */
export interface AppendCommand {
  readonly id: string;
  readonly conversationId: string;
  readonly senderId: string;
  readonly type: MessageType;
  readonly body: string;
  readonly replyToId: string | null;
  readonly attachmentIds: readonly string[];
}

/** Problems by the outcome that `append_messages` returns. */
const REFUSALS = {
  'message-id-conflict': MESSAGE_ID_CONFLICT,
  'conversation-not-found': CONVERSATION_NOT_FOUND,
  forbidden: FORBIDDEN,
  'message-not-found': MESSAGE_NOT_FOUND,
} as const;

/** `created`: stored now. `repeated`: the same command stored it before (G2). */
export type AppendResult =
  | { readonly outcome: 'created' | 'repeated'; readonly row: MessageRow }
  | { readonly outcome: 'refused'; readonly kind: ProblemKind };

type ResultRow = MessageRow & {
  outcome: 'created' | 'repeated' | keyof typeof REFUSALS;
  log_id?: number | null;
  transaction_id?: string | null;
};

/**
 * The function must see participants that were committed while it waited for the locks, so the isolation level has to
 * be `read committed`. Connections set that level. A pooler may lose it when somebody changes the default of the
 * database; then this condition keeps the function from running.
 */
const APPEND = `select * from append_messages($1, $2, $3, $4, $5, $6)
  where current_setting('transaction_isolation') = 'read committed'`;

/** Adds one row to the log for all of the messages. Other servers read it (`SharedMessages`). */
const LOGGED = (serverId: string): string => `logged as (
    insert into server_events (transaction_id, server_id, events)
    select pg_current_xact_id()::text::bigint, ${serverId}, jsonb_build_array(jsonb_build_object('kind', 'messages-created',
      'payload', jsonb_build_object('messages', jsonb_agg(jsonb_build_array(conversation_id, id) order by ordinal))))
    from stored where outcome = 'created' having count(*) > 0
    returning id as log_id, transaction_id::text as transaction_id)`;

/**
 * Resolves the names in the new messages, under the locks that `append_messages` took. `store_mentions` is volatile, so
 * it sees the messages and everything that was committed during the wait for the locks.
 */
const MENTIONED = `named as (
    select array_agg(s.id) as ids, array_agg(n.position) as positions, array_agg(n.name) as names
    from stored s join unnest($7::bigint[], $8::bigint[], $9::text[]) as n (ordinal, position, name) using (ordinal)
    where s.outcome = 'created'),
  mentioned as (
    select m.message_id, array_agg(m.user_id order by m.position) as mentions
    from named n, store_mentions(n.ids, n.positions, n.names) m group by m.message_id)`;
const MENTIONED_ROWS = `left join mentioned on mentioned.message_id = stored.id and stored.outcome = 'created'`;

const APPEND_AND_LOG = `
  with stored as materialized (${APPEND}), ${LOGGED('$7')}
  select stored.*, logged.* from stored left join logged on true order by ordinal`;
const APPEND_AND_MENTION = `
  with stored as materialized (${APPEND}), ${MENTIONED}
  select stored.*, mentioned.mentions from stored ${MENTIONED_ROWS} order by ordinal`;
const APPEND_MENTION_AND_LOG = `
  with stored as materialized (${APPEND}), ${MENTIONED}, ${LOGGED('$10')}
  select stored.*, mentioned.mentions, logged.* from stored ${MENTIONED_ROWS} left join logged on true order by ordinal`;

/**
 * Checks, numbers and commits messages in one round trip (function `append_messages`, see its migration). Results come
 * in the order of the commands. A rejected command does not affect the others. Names in texts are resolved only
 * if a message of the batch has any. So a batch without an at sign runs `append_messages` alone.
 * @param serverId this server's id; given when other servers read the log
 * @throws Problem `temporarily-unavailable` under another isolation level; then nothing is stored
 */
export async function appendMessages(
  manager: EntityManager,
  commands: readonly AppendCommand[],
  serverId?: string,
): Promise<{ results: AppendResult[]; logged: Logged | undefined }> {
  const columns = [
    commands.map((command) => command.id),
    commands.map((command) => command.conversationId),
    commands.map((command) => command.senderId),
    commands.map((command) => command.type),
    commands.map((command) => command.body),
    commands.map((command) => command.replyToId),
  ];
  const rows = await asWrite(() => appendRows(manager, commands, columns, serverId));
  if (rows.length === 0 && commands.length > 0) throw new Problem(TEMPORARILY_UNAVAILABLE);
  const results = rows.map((row): AppendResult =>
    row.outcome === 'created' || row.outcome === 'repeated'
      ? { outcome: row.outcome, row }
      : { outcome: 'refused', kind: REFUSALS[row.outcome] },
  );
  if (rows.some(({ outcome }) => outcome === 'repeated')) await completeRepeated(manager, commands, results);
  const { log_id: id, transaction_id: transactionId } = rows[0] ?? {};
  return { results, logged: id && transactionId ? { id, transactionId: BigInt(transactionId) } : undefined };
}

async function appendRows(
  manager: EntityManager,
  commands: readonly AppendCommand[],
  columns: unknown[],
  serverId: string | undefined,
): Promise<ResultRow[]> {
  const named = commands.flatMap(({ body }, index) =>
    mentionNamesIn(body).map((name) => ({ ...name, ordinal: index + 1 })),
  );
  const server = serverId === undefined ? [] : [serverId];
  if (named.length === 0) return manager.query(serverId ? APPEND_AND_LOG : APPEND, [...columns, ...server]);
  const names = [named.map(({ ordinal }) => ordinal), ...columnsOf(named)];
  return manager.query(serverId ? APPEND_MENTION_AND_LOG : APPEND_AND_MENTION, [
    ...columns,
    ...names,
    ...server,
  ]);
}

/**
 * Stores one message that carries attachments, and claims them in the same transaction. Locks the conversation, as
 * `append_messages` does, then the attachments.
 * @throws Problem `validation-failed` unless all of them are unclaimed uploads of the sender; then nothing is stored
 */
export async function appendWithAttachments(
  dataSource: DataSource,
  command: AppendCommand,
  serverId?: string,
): ReturnType<typeof appendMessages> {
  return inTransaction(dataSource, async (manager) => {
    const { results, logged } = await appendMessages(manager, [command], serverId);
    if (results[0]!.outcome !== 'created') return { results, logged };
    const { id: messageId, senderId, attachmentIds } = command;
    await claimAttachments(manager, { messageId, senderId, attachmentIds });
    const [row] = await findMessages(manager, [messageId]);
    return { results: [{ outcome: 'created', row: row! }], logged };
  });
}

/**
 * Adds the reactions, mentions and attachments, which the function does not return, and compares the attachments (G2). The
 * messages are committed, so a failed read rejects only the repeated commands; their senders retry.
 */
async function completeRepeated(
  manager: EntityManager,
  commands: readonly AppendCommand[],
  results: AppendResult[],
): Promise<void> {
  const ids = results.flatMap((result) => (result.outcome === 'repeated' ? result.row.id : []));
  const rows = await findMessages(manager, ids).catch(() => undefined);
  const found = new Map(rows?.map((row) => [row.id, row]));
  for (const [index, result] of results.entries()) {
    if (result.outcome !== 'repeated') continue;
    const row = found.get(result.row.id);
    if (!row) results[index] = { outcome: 'refused', kind: TEMPORARILY_UNAVAILABLE };
    else if (!carries(row, commands[index]!))
      results[index] = { outcome: 'refused', kind: MESSAGE_ID_CONFLICT };
    else results[index] = { outcome: 'repeated', row };
  }
}

/** Whether the stored message has the attachments of the command. A tombstone has none, so its id suffices (G2). */
function carries(row: MessageRow, { attachmentIds }: AppendCommand): boolean {
  if (row.deleted_at) return true;
  const stored = row.attachments ?? [];
  return (
    stored.length === attachmentIds.length && stored.every(({ id }, index) => id === attachmentIds[index])
  );
}
