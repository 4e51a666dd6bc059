import type { DataSource, EntityManager } from 'typeorm';
import { LegacyRun, type Progress } from './legacy-run';
import { deleteImportedMessages } from './messages.queries';
import { LegacyError } from './source';

const IMPORTED_USERS = `
  select target_id from legacy_mappings where source_table = 'users'
  union all select placeholder_id from legacy_imports where placeholder_id is not null`;
const IMPORTED_CONVERSATIONS = `
  select target_id from legacy_mappings where source_table in ('conversations', 'friendships')
  union all select room_id from legacy_imports where room_id is not null`;

/** Uses of imported data that forbid a rollback. */
const USES: readonly [sentence: string, sql: string][] = [
  [
    'people have signed in with imported accounts',
    `select from sessions where user_id in (${IMPORTED_USERS})`,
  ],
  [
    'people have written into imported conversations',
    `select from conversations c where c.id in (${IMPORTED_CONVERSATIONS}) and c.last_seq <> (
       select count(*) from chat_messages m join legacy_message_origins o on o.message_id = m.id
       where m.conversation_id = c.id)`,
  ],
  [
    'people have changed imported conversations or messages',
    `select from conversations c where c.id in (${IMPORTED_CONVERSATIONS}) and (c.last_rev > 0 or c.deleted_at is not null)`,
  ],
  [
    'imported users take part in other conversations',
    `select from conversation_participants p where p.user_id in (${IMPORTED_USERS})
       and p.conversation_id not in (${IMPORTED_CONVERSATIONS})`,
  ],
  [
    'other users have sent friend requests to imported users or blocked them, or the reverse',
    `select from friend_requests r
     where (r.sender_id in (${IMPORTED_USERS})) <> (r.recipient_id in (${IMPORTED_USERS}))
     union all select from blocks b
     where (b.blocker_id in (${IMPORTED_USERS})) <> (b.blocked_id in (${IMPORTED_USERS}))`,
  ],
];

/**
 * Removes all imported data, so that the database is as it was before. It does not touch the old tables. A second call
 * continues an interrupted rollback.
 * @throws LegacyError if users have used the imported data, or if there is none; nothing has changed then
 */
export async function rollbackLegacy(dataSource: DataSource, progress: Progress): Promise<void> {
  const run = new LegacyRun(dataSource, progress);
  await run.inUtc(close);
  await run.step('undo messages', deleteImportedMessages);
  await run.step('undo conversations', (manager, position) =>
    deleteMapped(manager, position, 'conversations', `('conversations', 'friendships')`),
  );
  await run.once('undo room', (manager) =>
    manager.query(`delete from conversations where id = (select room_id from legacy_imports)`),
  );
  await run.step('undo users', (manager, position) => deleteMapped(manager, position, 'users', `('users')`));
  await run.once('undo placeholder', (manager) =>
    manager.query(`delete from users where id = (select placeholder_id from legacy_imports)`),
  );
  await run.inUtc((manager) =>
    manager.query(`
      truncate legacy_rows, legacy_mappings, legacy_message_origins, legacy_versions, legacy_version_edges,
        legacy_quarantine, legacy_findings, legacy_steps, legacy_imports`),
  );
}

/**
 * Makes the imported data unusable: removes all participants and passwords. While it checks whether somebody has used
 * the data, it holds the locks of all imported conversations and users.
 */
async function close(manager: EntityManager): Promise<void> {
  const [state] = await manager.query<{ phase: string }[]>(`select phase from legacy_imports`);
  if (!state) throw new LegacyError('Nothing was imported into this database.');
  if (state.phase === 'archived')
    throw new LegacyError('The old tables were moved to the archive; a rollback is no longer possible.');
  if (state.phase === 'rolling-back') return;
  await manager.query(
    `select from conversations where id in (${IMPORTED_CONVERSATIONS}) order by id for no key update`,
  );
  await manager.query(`select from users where id in (${IMPORTED_USERS}) order by id for update`);
  const uses: string[] = [];
  for (const [sentence, sql] of USES) {
    const [found] = await manager.query<{ found: boolean }[]>(`select exists (${sql}) as found`);
    if (found!.found) uses.push(sentence);
  }
  if (uses.length > 0)
    throw new LegacyError(`The imported data is in use: ${uses.join('; ')}. Nothing was changed.`);
  await manager.query(
    `delete from conversation_participants where conversation_id in (${IMPORTED_CONVERSATIONS})`,
  );
  await manager.query(`update users set password_hash = '!' where id in (${IMPORTED_USERS})`);
  await manager.query(`update legacy_imports set phase = 'rolling-back', verified_at = null`);
}

/** Rows in one transaction. */
const CHUNK = 500;

async function deleteMapped(
  manager: EntityManager,
  position: unknown,
  target: 'users' | 'conversations',
  tables: string,
): Promise<{ position: string; rows: number } | undefined> {
  const [chunk] = await manager.query<{ last: string | null; rows: number }[]>(
    `with chunk as (
       select distinct target_id from legacy_mappings
       where source_table in ${tables} and target_id > $1 order by target_id limit ${CHUNK}),
     deleted as (delete from ${target} where id in (select target_id from chunk))
     select (array_agg(target_id order by target_id desc))[1] as last, count(*) as rows from chunk`,
    [(position as string | null) ?? '00000000-0000-0000-0000-000000000000'],
  );
  return chunk!.last === null ? undefined : { position: chunk!.last, rows: chunk!.rows };
}
