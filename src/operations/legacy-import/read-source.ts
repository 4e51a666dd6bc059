import type { OldTable } from '../../platform/database/old-tables';
import { CHUNK, type LegacyRun } from './legacy-run';
import type { LegacySource, SourceRow } from './source';
import { lookupKey, timeOf } from './sql';

/** The column by which the import finds rows, besides the key. */
const BELONGS_TO: Record<string, string> = {
  conversation_participants: lookupKey(`row->>'conversation_id'`),
  chat_messages: lookupKey(`row->>'conversation_id'`),
  version_history: lookupKey(`row->>'version_id'`),
  messages: lookupKey(`row->>'version'`),
  friend_requests: pairOf('from_user_id', 'to_user_id'),
  contacts: pairOf('user_id', 'contact_user_id'),
};

function pairOf(one: string, other: string): string {
  const [a, b] = [one, other].map((column) => `(${lookupKey(`row->>'${column}'`)}) collate "C"`);
  return `case when row->>'${one}' is not null and row->>'${other}' is not null then
    least(${a}, ${b}) || ':' || greatest(${a}, ${b}) end`;
}

/**
 * The order in which users get their usernames. Valid names come first, so that they stay unchanged. Names that must
 * change come next, and users without a name last.
 */
const RANK: Record<string, string> = {
  users: `case when row->>'username' ~ '^[a-z0-9._-]{3,32}$' then 0 when row->>'username' is not null then 1 else 2 end`,
};

/** Copies all old tables into `legacy_rows`, chunk by chunk. Does not read copied rows again. */
export async function readSource(run: LegacyRun, source: LegacySource): Promise<void> {
  await source.reading(async () => {
    for (const table of source.tables) await readTable(run, source, table);
  });
}

async function readTable(run: LegacyRun, source: LegacySource, table: OldTable): Promise<void> {
  let batches: AsyncGenerator<SourceRow[]> | undefined;
  // A retried transaction must get the same rows, and the cursor has already passed them.
  let fetched: { after: string | null; rows: SourceRow[] | undefined } | undefined;
  await run.step(`read ${table.name}`, async (manager, position) => {
    const after = position as string | null;
    batches ??= source.rows(table, after, CHUNK);
    if (fetched?.after !== after)
      fetched = { after, rows: (await batches.next()).value as SourceRow[] | undefined };
    const { rows } = fetched;
    if (!rows) return undefined;
    const json = rows.map(({ key, row }) => `{"key":${JSON.stringify(key)},"row":${row}}`);
    await manager.query(
      `insert into legacy_rows (source_table, source_key, rank, sort_at, belongs_to, row)
       select $1, key, ${RANK[table.name] ?? '0'}, coalesce(${timeOf('row', 'created_at')}, '-infinity'),
         ${BELONGS_TO[table.name] ?? 'null'}, row
       from jsonb_to_recordset($2::jsonb) as r (key text, row jsonb)`,
      [table.name, `[${json.join(',')}]`],
    );
    return { position: rows.at(-1)!.key, rows: rows.length };
  });
}
