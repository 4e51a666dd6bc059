import type { EntityManager } from 'typeorm';
import { importPairs, openDirectConversations, type OldRow } from './friends.queries';
import type { LegacyRun } from './legacy-run';
import { attempt, stepInChunks } from './window';

/** Pairs of people in one transaction. */
const PAIRS_CHUNK = 1_000;
/**
 * Imports friend requests and contacts, pair by pair:
 * - A `blocked` request is declined, and its recipient blocks its sender. A block ends a friendship.
 * - Without a block, two users are friends if one is a contact of the other, a request was accepted, or both have
 *   requested it. Their pending requests become accepted. Friends without a direct conversation get one.
 * - Any other pending request stays pending, but is declined if there is a block.
 * Requests in the same direction with the same outcome become one: the first by (created_at, id).
 */
export async function importFriends(run: LegacyRun): Promise<void> {
  await run.once('friends without a pair', (manager) => quarantineWithoutPair(manager));
  await stepInChunks(run, 'friends', {
    next: nextPairs,
    work: async (manager, { names }) => {
      await importPairs(manager, names);
      await openDirectConversations(manager, names);
    },
    setAside: (manager, { names }) => importRowByRow(manager, names),
    limit: PAIRS_CHUNK,
  });
}

/** The next pairs of users, as named in `belongs_to`. */
interface Pairs {
  readonly names: string[];
  readonly end: string;
  readonly rows: number;
  readonly units: number;
}

async function nextPairs(
  manager: EntityManager,
  position: unknown,
  limit: number,
): Promise<Pairs | undefined> {
  const pairs = await manager.query<{ pair: string; rows: number }[]>(
    `select belongs_to as pair, count(*) as rows from legacy_rows
     where source_table in ('friend_requests', 'contacts') and belongs_to > $1
     group by belongs_to order by belongs_to limit $2`,
    [(position as string | null) ?? '', limit],
  );
  const last = pairs.at(-1);
  if (!last) return undefined;
  const rows = pairs.reduce((sum, pair) => sum + pair.rows, 0);
  return { names: pairs.map(({ pair }) => pair), end: last.pair, rows, units: pairs.length };
}

/**
 * Imports a pair that the database rejected as a whole. Rows that it rejects by themselves go into quarantine, and the
 * others decide the relationship. Rows that it rejects only together go into quarantine together.
 */
async function importRowByRow(manager: EntityManager, names: string[]): Promise<void> {
  const rows = await manager.query<OldRow[]>(
    `select source_table as table, source_key as key from legacy_rows
     where source_table in ('friend_requests', 'contacts') and belongs_to = any ($1) order by 1, 2`,
    [names],
  );
  const good: OldRow[] = [];
  for (const row of rows) {
    const refusal = await attempt(manager, () => importPairs(manager, names, row), { undo: true });
    if (refusal === undefined) good.push(row);
    else await quarantineRows(manager, [row], `refused-${refusal}`);
  }
  const refusal = await attempt(manager, () => importPairs(manager, names));
  if (refusal !== undefined) await quarantineRows(manager, good, `refused-${refusal}`);
  const unopened = await attempt(manager, () => openDirectConversations(manager, names));
  if (unopened === undefined) return;
  await manager.query(
    `insert into legacy_findings (kind, source_table, source_key, detail) values ('direct-refused', $1, $2, $3)`,
    [rows[0]!.table, rows[0]!.key, `refused-${unopened}`],
  );
}

async function quarantineRows(manager: EntityManager, rows: OldRow[], reason: string): Promise<void> {
  await manager.query(
    `insert into legacy_quarantine (source_table, source_key, reason, row)
     select r.source_table, r.source_key, $3, r.row from legacy_rows r
     join unnest($1::text[], $2::text[]) as refused (source_table, source_key) using (source_table, source_key)`,
    [rows.map(({ table }) => table), rows.map(({ key }) => key), reason],
  );
}

async function quarantineWithoutPair(manager: EntityManager): Promise<void> {
  await manager.query(
    `insert into legacy_quarantine (source_table, source_key, reason, row)
     select source_table, source_key, 'user-missing', row from legacy_rows
     where source_table in ('friend_requests', 'contacts') and belongs_to is null`,
  );
}
