import type { DataSource, EntityManager } from 'typeorm';
import { foldName } from '../../platform/validation/normal-forms';
import { importConversations } from './conversations';
import { importFriends } from './friends';
import { LegacyRun, type Progress } from './legacy-run';
import { importMessages } from './messages.queries';
import { importParticipants } from './participants';
import { readSource } from './read-source';
import { findingCounts, reportLosses, tableReports, type TableReport } from './report';
import { importRoom, importRoomMembers, noSuchOwner } from './room';
import { LegacyError, type LegacySource } from './source';
import { importUsers } from './users';
import { importVersions } from './versions';

export interface ImportOptions {
  /** The future owner of the global room; required if there is one. */
  readonly owner?: string;
  /** The name of the global room. */
  readonly title?: string;
}

export interface ImportReport {
  readonly source: string;
  readonly tables: TableReport[];
  readonly findings: Record<string, number>;
}

const TITLE = 'Global room';

/** Tables that the import does not use. It quarantines all their rows. */
const WITHOUT_COUNTERPART = ['usage_tracking'];

/**
 * Imports old tables, or continues an interrupted import. Does nothing if the import is complete. It only reads the old
 * tables. Conversations get their participants last, so that nobody writes into an incomplete conversation.
 * @throws LegacyError if the options do not fit; nothing has changed then
 */
export async function importLegacy(
  dataSource: DataSource,
  source: LegacySource,
  options: ImportOptions,
  progress: Progress,
): Promise<ImportReport> {
  const run = new LegacyRun(dataSource, progress);
  await begin(run, source, options);
  await readSource(run, source);
  await run.analyze('legacy_rows');
  await importUsers(run);
  await importRoom(run);
  await importConversations(run);
  await run.analyze('legacy_mappings');
  await importVersions(run);
  await importMessages(run);
  await importRoomMembers(run);
  await importParticipants(run);
  await importFriends(run);
  await run.once('without counterpart', quarantineWithoutCounterpart);
  await reportLosses(run);
  return run.inUtc(async (manager) => {
    await manager.query(
      `update legacy_imports set phase = 'imported', finished_at = now() where phase = 'importing'`,
    );
    return reportOf(manager);
  });
}

async function begin(run: LegacyRun, source: LegacySource, options: ImportOptions): Promise<void> {
  await run.inUtc(async (manager) => {
    const [earlier] = await manager.query<{ source: string; phase: string }[]>(
      `select source, phase from legacy_imports`,
    );
    if (earlier) {
      if (!source.isCalled(earlier.source)) {
        throw new LegacyError(
          `This database already has an import from ${earlier.source}, and takes only one. Roll it back first.`,
        );
      }
      if (earlier.phase === 'rolling-back')
        throw new LegacyError('A rollback was interrupted. Finish it: npx xfchat legacy rollback');
      // The owner of the first attempt may have been unusable, so the new choice replaces it.
      await manager.query(
        `update legacy_imports set owner = coalesce($1, owner), title = coalesce($2, title) where room_id is null`,
        [options.owner, options.title],
      );
      await manager.query(`update legacy_imports set source = $1`, [source.name]);
      return;
    }
    const room = source.tables.find(({ name }) => name === 'messages');
    if (room && (await source.count(room)) > 0) await refuseOwner(manager, source, options.owner);
    await manager.query(`insert into legacy_imports (source, owner, title) values ($1, $2, $3)`, [
      source.name,
      options.owner ?? null,
      options.title ?? TITLE,
    ]);
  });
}

/** Runs before anything is read. Otherwise a wrong name would only fail after the import of all users. */
async function refuseOwner(
  manager: EntityManager,
  source: LegacySource,
  owner: string | undefined,
): Promise<void> {
  if (owner === undefined)
    throw new LegacyError('The old global room needs an owner: name one with --owner USERNAME.');
  const here = await manager.query<object[]>(`select from users where username = $1 and not is_internal`, [
    foldName(owner),
  ]);
  if (here.length === 0 && !(await source.hasUser(owner))) throw noSuchOwner(owner);
}

async function quarantineWithoutCounterpart(manager: EntityManager): Promise<void> {
  await manager.query(
    `insert into legacy_quarantine (source_table, source_key, reason, row)
     select source_table, source_key, 'no-counterpart', row from legacy_rows where source_table = any ($1)`,
    [WITHOUT_COUNTERPART],
  );
}

export async function reportOf(manager: EntityManager): Promise<ImportReport> {
  const [state] = await manager.query<{ source: string }[]>(`select source from legacy_imports`);
  return {
    source: state!.source,
    tables: await tableReports(manager),
    findings: await findingCounts(manager),
  };
}
