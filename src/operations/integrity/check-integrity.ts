import type { DataSource, EntityManager } from 'typeorm';
import { inSnapshot } from '../../platform/database/transaction';
import { CATALOGUE, orphanChecks } from './catalogue';
import { contentDigests } from './content-digest';
import { ERASURES } from './erasures';
import type { IntegrityCheck, Finding } from './finding';
import { HISTORIES } from './histories';
import { NAMES } from './names';
import { NUMBERING } from './numbering';
import { RELATIONS } from './relations';
import { SEARCH } from './search';
import { schemaFindings } from './schema';

/** The most findings of one check; a thousand more of the same kind would help nobody. */
const MAX_FINDINGS_PER_CHECK = 100;
/** SQLSTATE class XX: the database cannot read what it has written. */
const CORRUPTED = /^XX/;
/** A table, a column or a function that a statement names is not there. */
const LACKING = ['42P01', '42703', '42883'];

/**
 * Checks that the stored data keeps every guarantee, and that the schema is as the migrations make it. Reads every
 * table once or more, each check in a snapshot of its own. It leaves nothing behind and may run while people chat.
 * @param progress gets the name of each check
 * @param remark gets a sentence when a check was not complete
 */
export async function checkIntegrity(
  dataSource: DataSource,
  progress: (kind: string, done: number, total: number) => void = () => undefined,
  remark: (sentence: string) => void = () => undefined,
): Promise<Finding[]> {
  const checks = await inSnapshot(dataSource, async (manager) => [
    ...CATALOGUE,
    ...(await orphanChecks(manager)),
    ...NUMBERING,
    ...HISTORIES,
    ...RELATIONS,
    ...ERASURES,
    ...NAMES,
    ...SEARCH,
  ]);
  const total = checks.length + 2;
  progress('schema', 0, total);
  const schema = await inSnapshot(dataSource, (manager) => schemaFindings(dataSource, manager, remark));
  const findings = [...schema];
  const run = (kind: string, look: (manager: EntityManager) => Promise<Finding[]>): Promise<Finding[]> =>
    inSnapshot(dataSource, look).catch((error: unknown) => [obstacle(kind, error, schema.length > 0)]);
  for (const [index, check] of checks.entries()) {
    progress(check.kind, index + 1, total);
    findings.push(...(await run(check.kind, (manager) => findingsOf(manager, check))));
  }
  progress('unreadable', checks.length + 1, total);
  // Every text is read once, so that pages whose checksum is wrong are noticed.
  findings.push(...(await run('unreadable', async (manager) => (await contentDigests(manager), []))));
  return findings;
}

async function findingsOf(manager: EntityManager, { kind, sql }: IntegrityCheck): Promise<Finding[]> {
  // By the tables themselves: an index that is wrong would confirm its own error.
  await manager.query('set local enable_indexonlyscan = off');
  const rows: { place: string; detail: string }[] = await manager.query(
    `select place::text, detail from (${sql}) found order by place limit ${MAX_FINDINGS_PER_CHECK}`,
  );
  return rows.map(({ place, detail }) => ({ kind, where: place, detail }));
}

/** @throws the error itself, when it is neither of the two that are findings */
function obstacle(kind: string, error: unknown, isSchemaDamaged: boolean): Finding {
  const { code = '' } = ((error as { driverError?: { code?: string } }).driverError ?? error) as {
    code?: string;
  };
  if (CORRUPTED.test(code))
    return { kind: 'unreadable', where: kind, detail: `the database cannot read its own data (${code})` };
  if (isSchemaDamaged && LACKING.includes(code))
    return { kind: 'unchecked', where: kind, detail: `the schema lacks what this check reads (${code})` };
  throw error;
}
