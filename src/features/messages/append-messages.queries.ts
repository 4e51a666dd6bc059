import type { DataSource } from 'typeorm';
import { asWrite } from '../../platform/database/write-scope';
import { FORBIDDEN, TEMPORARILY_UNAVAILABLE } from '../../platform/problems/general-problems';
import { Problem } from '../../platform/problems/problem';
import type { ProblemKind } from '../../platform/problems/problem-kind';
import { CONVERSATION_NOT_FOUND } from '../membership/membership.problems';
import type { MessageType } from './message.entity';
import type { MessageRow } from './message-view';
import { MESSAGE_ID_CONFLICT, MESSAGE_NOT_FOUND } from './messages.problems';

/** A message to be stored; its sender has not been checked yet. */
export interface AppendCommand {
  readonly id: string;
  readonly conversationId: string;
  readonly senderId: string;
  readonly type: MessageType;
  readonly body: string;
  readonly replyToId: string | null;
}

/** The refusals of `append_messages`, by the outcome that it returns. */
const REFUSALS = {
  'message-id-conflict': MESSAGE_ID_CONFLICT,
  'conversation-not-found': CONVERSATION_NOT_FOUND,
  forbidden: FORBIDDEN,
  'message-not-found': MESSAGE_NOT_FOUND,
} as const;

/** `created` now, or `repeated`: stored before by the same command (G2). */
export type AppendResult =
  | { readonly outcome: 'created' | 'repeated'; readonly row: MessageRow }
  | { readonly outcome: 'refused'; readonly kind: ProblemKind };

type ResultRow = MessageRow & { outcome: 'created' | 'repeated' | keyof typeof REFUSALS };

/**
 * The function sees who participates only if its statements may see what was committed while it waited for the locks.
 * Connections pin that isolation level; behind a pooler that a default of the database has just changed under, the
 * condition keeps the function from being run.
 */
const APPEND = `select * from append_messages($1, $2, $3, $4, $5, $6)
  where current_setting('transaction_isolation') = 'read committed'`;

/**
 * Stores messages: checks, numbers and commits all of them in one round trip (function `append_messages`, see its
 * migration). Results come in the order of the commands; one that is refused does not touch the others.
 * @throws Problem `temporarily-unavailable` when the isolation level is another one; nothing is stored
 */
export async function appendMessages(
  dataSource: DataSource,
  commands: readonly AppendCommand[],
): Promise<AppendResult[]> {
  const columns = [
    commands.map((command) => command.id),
    commands.map((command) => command.conversationId),
    commands.map((command) => command.senderId),
    commands.map((command) => command.type),
    commands.map((command) => command.body),
    commands.map((command) => command.replyToId),
  ];
  const rows: ResultRow[] = await asWrite(() => dataSource.query(APPEND, columns));
  if (rows.length === 0 && commands.length > 0) throw new Problem(TEMPORARILY_UNAVAILABLE);
  return rows.map((row) =>
    row.outcome === 'created' || row.outcome === 'repeated'
      ? { outcome: row.outcome, row }
      : { outcome: 'refused', kind: REFUSALS[row.outcome] },
  );
}
