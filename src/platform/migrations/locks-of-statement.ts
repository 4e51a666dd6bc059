/** PostgreSQL's table locks that matter here, from the weakest to the strongest. */
export const LOCK_MODES = [
  'ROW EXCLUSIVE',
  'SHARE UPDATE EXCLUSIVE',
  'SHARE',
  'SHARE ROW EXCLUSIVE',
  'ACCESS EXCLUSIVE',
] as const;
export type LockMode = (typeof LOCK_MODES)[number];

export interface TableLock {
  readonly table: string;
  readonly mode: LockMode;
}

/** The statements that wait while it is held. */
export const WAITERS: Record<LockMode, string> = {
  'ROW EXCLUSIVE': 'nobody waits',
  'SHARE UPDATE EXCLUSIVE': 'nobody waits',
  SHARE: 'writers wait',
  'SHARE ROW EXCLUSIVE': 'writers wait',
  'ACCESS EXCLUSIVE': 'readers and writers wait',
};

const NAME = String.raw`(?:if (?:not )?exists )?(?:only )?([a-z_][a-z0-9_.]*)`;
/** `ALTER TABLE` that does not block reads and writes. */
const GENTLE =
  /^(validate constraint|alter (column )?\S+ set statistics|set \(|reset \(|cluster on|attach partition)/;
const ADDS_FOREIGN_KEY = /^add (constraint \S+ )?foreign key/;

interface Rule {
  readonly pattern: RegExp;
  readonly locks: (match: RegExpExecArray) => TableLock[];
}

const on =
  (mode: LockMode): Rule['locks'] =>
  (match) => [{ table: match[1]!, mode }];

/** The lock on the tables that a foreign key refers to. */
const referenced = (text: string): TableLock[] =>
  [...text.matchAll(/\breferences ([a-z_][a-z0-9_.]*)/g)].map((match) => ({
    table: match[1]!,
    mode: 'SHARE ROW EXCLUSIVE',
  }));

/**
 * Rules for a statement in lower case with single spaces; the first match counts. See "Explicit Locking" in
 * PostgreSQL's manual.
 */
const RULES: readonly Rule[] = [
  {
    pattern: /^create (?:or replace )?(?:function|procedure|view|type|sequence|extension)\b/,
    locks: () => [],
  },
  { pattern: /^(?:alter|drop) function\b/, locks: () => [] },
  { pattern: new RegExp(`^create table ${NAME}`), locks: ({ input }) => referenced(input) },
  {
    pattern: new RegExp(`^alter table ${NAME} (.*)$`),
    locks: ([, table, action]) => [{ table: table!, mode: modeOfAlter(action!) }, ...referenced(action!)],
  },
  {
    pattern: /^create (?:unique )?index concurrently .*?\bon (?:only )?([a-z_][a-z0-9_.]*)/,
    locks: on('SHARE UPDATE EXCLUSIVE'),
  },
  { pattern: /^create (?:unique )?index .*?\bon (?:only )?([a-z_][a-z0-9_.]*)/, locks: on('SHARE') },
  {
    pattern: /^create (?:or replace )?(?:constraint )?trigger .*?\bon ([a-z_][a-z0-9_.]*)/,
    locks: on('SHARE ROW EXCLUSIVE'),
  },
  { pattern: new RegExp(`^(?:drop table|truncate(?: table)?) ${NAME}`), locks: on('ACCESS EXCLUSIVE') },
  { pattern: new RegExp(`^comment on table ${NAME}`), locks: on('SHARE UPDATE EXCLUSIVE') },
  { pattern: /^comment on column ([a-z_][a-z0-9_]*)\./, locks: on('SHARE UPDATE EXCLUSIVE') },
  { pattern: /^comment on\b/, locks: () => [] },
  { pattern: new RegExp(`^(?:insert into|update|delete from) ${NAME}`), locks: on('ROW EXCLUSIVE') },
];

const INDEX_ONLY = new RegExp(`^(drop|reindex) index (concurrently )?${NAME}`);

function modeOfAlter(action: string): LockMode {
  if (GENTLE.test(action)) return 'SHARE UPDATE EXCLUSIVE';
  return ADDS_FOREIGN_KEY.test(action) ? 'SHARE ROW EXCLUSIVE' : 'ACCESS EXCLUSIVE';
}

/**
 * The locks that a statement takes on existing tables, by its text. Undefined for an unknown statement, which a
 * person has to read.
 */
export function locksOfStatement(
  statement: string,
  tableOfIndex: (index: string) => string | undefined = () => undefined,
): TableLock[] | undefined {
  const text = statement.replace(/--.*$/gm, ' ').replace(/\s+/g, ' ').trim().toLowerCase();
  const index = INDEX_ONLY.exec(text);
  if (index) {
    const table = tableOfIndex(index[3]!);
    if (table === undefined) return [];
    return [{ table, mode: index[2] ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS EXCLUSIVE' }];
  }
  for (const { pattern, locks } of RULES) {
    const match = pattern.exec(text);
    if (match) return locks(match);
  }
  return undefined;
}

/** The strongest lock of each table. */
export function strongestLocks(locks: readonly TableLock[]): TableLock[] {
  const byTable = new Map<string, LockMode>();
  for (const { table, mode } of locks) {
    const held = byTable.get(table);
    if (!held || LOCK_MODES.indexOf(mode) > LOCK_MODES.indexOf(held)) byTable.set(table, mode);
  }
  return [...byTable].map(([table, mode]) => ({ table, mode }));
}
