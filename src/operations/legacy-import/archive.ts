import type { DataSource } from 'typeorm';
import { LegacyRun } from './legacy-run';
import { LegacyError, type LegacySource } from './source';

/** Whether a verified backup of the database exists. */
export type IsBackupProven = () => Promise<boolean>;

/** The destination of the old tables. Nobody reads them there; only a person drops them. */
const ARCHIVE_SCHEMA = 'legacy_archive';
const DAYS = 30;

/**
 * Moves the old tables into the schema `legacy_archive` of their database. This requires a verified backup, and 30 days
 * since the import was verified. It drops nothing. A second call moves the tables that an interruption left.
 * @throws LegacyError that names the missing condition; nothing has changed then
 */
export async function archiveLegacy(
  dataSource: DataSource,
  source: LegacySource,
  isBackupProven: IsBackupProven,
): Promise<void> {
  const run = new LegacyRun(dataSource, () => undefined);
  await run.inUtc(async (manager) => {
    const [state] = await manager.query<
      { source: string; phase: string; verified_at: Date | null; days: number | null }[]
    >(
      `select source, phase, verified_at, extract(epoch from now() - verified_at)::float8 / 86400 as days
       from legacy_imports for update`,
    );
    if (!state || !source.isCalled(state.source))
      throw new LegacyError(`Nothing was imported from ${source.name}.`);
    if (state.phase === 'archived') return;
    if (state.phase !== 'imported') throw new LegacyError('The import is not complete.');
    if (state.days === null) throw new LegacyError('The import was not verified: npx xfchat legacy verify');
    if (state.days < DAYS) {
      throw new LegacyError(
        `The import was verified ${Math.floor(state.days)} days ago: the old tables stay for ${DAYS} days.`,
      );
    }
    if (!(await isBackupProven()))
      throw new LegacyError(
        'No backup was verified in the last 7 days: npx xfchat backup create, then npx xfchat drill',
      );
    await manager.query(`update legacy_imports set phase = 'archived', archived_at = now()`);
  });
  await source.moveTo(ARCHIVE_SCHEMA);
}
