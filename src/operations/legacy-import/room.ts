import type { EntityManager } from 'typeorm';
import { foldName } from '../../platform/validation/normal-forms';
import { derivedId } from './derived-id';
import { inAnyCase } from './folded-names';
import type { LegacyRun } from './legacy-run';
import { LegacyError } from './source';
import { madeAt } from './sql';
import { IN_WINDOW, recordRejection, stepOverRows, type Window } from './window';

/** Resolves `--owner`: first as an account of this server, then as an old username or e-mail address. */
const OWNER = `
  select u.id from users u
  left join legacy_mappings m on m.target_id = u.id and m.source_table = 'users'
  left join legacy_rows r on r.source_table = 'users' and r.source_key = m.source_key
  where not u.is_internal
    and (u.username = $2 or u.email = $2 or r.row->>'username' ~ $3 or r.row->>'email' ~ $3)
  order by u.username = $2 desc, (r.row->>'username' = $1) desc nulls last, u.created_at, u.id limit 1`;

/** Imports the global room as a group. It gets its participants later, so that nobody writes before it is complete. */
export async function importRoom(run: LegacyRun): Promise<void> {
  await run.once('room', async (manager) => {
    const [room] = await manager.query<{ owner: string | null; title: string; is_empty: boolean }[]>(
      `select owner, title, not exists (select from legacy_rows where source_table = 'messages') as is_empty
       from legacy_imports`,
    );
    if (room!.is_empty) return;
    const ownerId = await findOwner(manager, room!.owner);
    const id = derivedId('messages', 'global room');
    await manager.query(
      `insert into conversations (id, type, title, created_by, created_at, updated_at, active_at)
       select $1, 'group', $2, $3, ${madeAt('first.sort_at')}, ${madeAt('first.sort_at')}, ${madeAt('first.sort_at')}
       from (select sort_at from legacy_rows where source_table = 'messages' order by rank, sort_at, source_key limit 1) first`,
      [id, room!.title, ownerId],
    );
    await manager.query(`update legacy_imports set room_id = $1`, [id]);
  });
}

/** @throws LegacyError */
async function findOwner(manager: EntityManager, owner: string | null): Promise<string> {
  if (owner === null) throw new LegacyError('The old global room needs an owner: name one with --owner.');
  const [found] = await manager.query<{ id: string }[]>(OWNER, [owner, foldName(owner), inAnyCase(owner)]);
  if (!found) throw noSuchOwner(owner);
  return found.id;
}

export const noSuchOwner = (owner: string): LegacyError =>
  new LegacyError(`There is no user "${owner}" to own the global room, neither here nor in the old tables.`);

/**
 * Adds everybody to the global room, since everybody was in it. The server's own accounts and the placeholder become
 * former participants, and only if they have written.
 */
export async function importRoomMembers(run: LegacyRun): Promise<void> {
  await run.once('room owner', (manager) =>
    manager.query(
      `insert into conversation_participants (conversation_id, user_id, role, read_seq, joined_at)
       select c.id, c.created_by, 'owner', c.last_seq, c.created_at
       from conversations c join legacy_imports i on i.room_id = c.id where c.created_by is not null`,
    ),
  );
  const addMembers = (manager: EntityManager, window: Window): Promise<unknown> =>
    manager.query(
      `insert into conversation_participants (conversation_id, user_id, role, read_seq, joined_at, left_at)
       select c.id, u.id, 'member', c.last_seq, greatest(u.created_at, c.created_at),
         case when u.is_internal then greatest(c.active_at, u.created_at) end
       from legacy_rows r
       join legacy_mappings m on m.source_table = r.source_table and m.source_key = r.source_key
       join users u on u.id = m.target_id
       cross join legacy_imports i join conversations c on c.id = i.room_id
       where ${IN_WINDOW} and (not u.is_internal or ${hasWritten('u.id', 'c.id')})
       on conflict do nothing`,
      [...window.parameters],
    );
  await stepOverRows(run, 'room members', 'users', addMembers, {
    setAside: (manager, window, reason) => recordRejection(manager, window, 'member-refused', reason),
  });
  await run.once('room placeholder', (manager) =>
    manager.query(
      `insert into conversation_participants (conversation_id, user_id, role, read_seq, joined_at, left_at)
       select c.id, i.placeholder_id, 'member', c.last_seq, c.created_at, c.active_at
       from legacy_imports i join conversations c on c.id = i.room_id
       where ${hasWritten('i.placeholder_id', 'c.id')}`,
    ),
  );
}

/** Served by `chat_messages_sender_idx`. */
const hasWritten = (user: string, conversation: string): string =>
  `exists (select from chat_messages w where w.sender_id = ${user} and w.conversation_id = ${conversation})`;
