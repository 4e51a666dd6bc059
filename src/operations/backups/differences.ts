import type { AttachmentSummary, DatabaseSummary } from './manifest';

/** The most conversations that are named: enough to look into one of them. */
const NAMED = 5;

/** Tables whose rows are not as many as were backed up, and another epoch, in words. */
export function otherTables(backedUp: DatabaseSummary, held: DatabaseSummary): string[] {
  const rows = new Map(held.tables.map((table) => [table.name, table.rows]));
  return [
    ...backedUp.tables
      .filter(({ name, rows: count }) => rows.get(name) !== count)
      .map(({ name, rows: count }) => `${name} has ${rows.get(name) ?? 'no'} rows instead of ${count}`),
    ...(backedUp.epoch === held.epoch ? [] : [`the epoch is ${held.epoch} instead of ${backedUp.epoch}`]),
  ];
}

/** Whether the data names the files that are in the list, in words. Earlier releases made no list. */
export function otherFiles(
  listed: AttachmentSummary | undefined,
  named: AttachmentSummary | undefined,
): string[] {
  if (!listed || listed.listSha256 === named?.listSha256) return [];
  return [
    `${named?.count ?? 0} attachments are named by the data instead of the ${listed.count} in the list`,
  ];
}

type Digests = DatabaseSummary['conversations'];

/** Conversations whose content is not what was backed up, in words. */
export function otherConversations(backedUp: Digests, held: Digests): string[] {
  const ids = new Set([...Object.keys(backedUp), ...Object.keys(held)]);
  const other = [...ids].filter((id) => backedUp[id] !== held[id]);
  if (other.length === 0) return [];
  return [`${other.length} conversations have another content: ${other.slice(0, NAMED).join(', ')}`];
}
