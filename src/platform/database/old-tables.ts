import { DatabaseUnusableError } from './unusable-database';

/** The tables of an earlier XFChat, and the columns that distinguish them from current tables of the same name. */
const SIGNATURES: Record<string, { has: string[]; lacks?: string }> = {
  users: { has: ['id', 'email', 'password_hash'], lacks: 'display_name' },
  messages: { has: ['id', 'text', 'version'] },
  version_history: { has: ['version_id'] },
  conversations: { has: ['id', 'is_direct_message'] },
  conversation_participants: { has: ['conversation_id', 'user_id'], lacks: 'role' },
  chat_messages: { has: ['id', 'conversation_id', 'content'] },
  friend_requests: { has: ['from_user_id', 'to_user_id'] },
  contacts: { has: ['user_id', 'contact_user_id'] },
  usage_tracking: { has: [] },
};

/** An old table. */
export interface OldTable {
  readonly name: string;
  readonly columns: readonly string[];
}

/** Runs a statement and returns its rows. */
export type Query = (sql: string, values: unknown[]) => Promise<unknown[]>;

/** The old tables of a schema, in the order in which the import needs them. Reads only the catalogue. */
export async function findOldTables(query: Query, schema: string): Promise<OldTable[]> {
  const names = Object.keys(SIGNATURES);
  const found = (await query(
    `select c.relname as name, array_agg(a.attname::text) as columns
     from pg_class c
     join pg_namespace n on n.oid = c.relnamespace
     join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where n.nspname = $1 and c.relname = any ($2) and c.relkind in ('r', 'p')
     group by c.relname`,
    [schema, names],
  )) as OldTable[];
  const old = found.filter(({ name, columns }) => {
    const { has, lacks } = SIGNATURES[name]!;
    return has.every((column) => columns.includes(column)) && !(lacks && columns.includes(lacks));
  });
  // This table alone proves nothing, because other programs may have one.
  if (old.every(({ name }) => name === 'usage_tracking')) return [];
  return old.sort((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
}

/**
 * Rejects a schema `public` that has old tables, since some of them have the names of current ones.
 * @throws DatabaseUnusableError whose message lists the steps to take
 */
export async function refuseOldTables(query: Query): Promise<void> {
  const old = await findOldTables(query, 'public');
  if (old.length === 0) return;
  const [{ migrated }] = (await query(
    `select to_regclass('public.migrations') is not null as migrated`,
    [],
  )) as [{ migrated: boolean }];
  // Beside current tables, the old ones have to be moved one by one.
  const moving = migrated
    ? ['create schema legacy', ...old.map(({ name }) => `alter table public.${name} set schema legacy`)]
    : ['alter schema public rename to legacy', 'create schema public'];
  throw new DatabaseUnusableError(
    'old-tables',
    [
      `The schema "public" holds tables of an earlier XFChat: ${old.map(({ name }) => name).join(', ')}. Nothing was changed.`,
      'Stop the programs that write to them, make a backup, move them to another schema, and import them:',
      ...moving.map((statement) => `  ${statement};`),
      '  npx xfchat migrate up',
      '  npx xfchat legacy import --schema legacy --owner USERNAME --title TEXT',
    ].join('\n'),
  );
}
