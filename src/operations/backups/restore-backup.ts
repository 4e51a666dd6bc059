import { randomUUID } from 'node:crypto';
import { whileFilesStay } from './back-up-attachments';
import { directUrl, type BackupContext } from './backup-context';
import { BackupError } from './backup-error';
import { isWhole, listBackups, type Backup } from './backup-folder';
import { INSTALLATION } from './installation';
import { grantTo, readPrivileges } from './privileges';
import { SideDatabases, withClient } from './side-databases';
import { removeRevokedFiles, restoreAttachments, type RestoredAttachments } from './restore-attachments';
import { recordProof, requireRestorable, restoreWithRights, type Verification } from './verify-backup';

interface Options {
  /** Replace what is there, also while servers are connected. */
  readonly force?: boolean;
  /** The name of the live database: replace what is there. */
  readonly confirm?: string;
  /** Drop what was there, instead of keeping it under another name. */
  readonly discard?: boolean;
  /** Into an empty database: it becomes an installation of its own, beside the one that was backed up. */
  readonly copy?: boolean;
}

export interface Restoration extends Verification {
  readonly epoch: number;
  readonly database: string;
  /** The name that the database now has which was there before; undefined when there was nothing in it. */
  readonly replaced: string | undefined;
  /** Connections that were open to it, and have been ended. */
  readonly disconnected: number;
  /** Since when nobody may write, as it was before the restore; null: everybody may. */
  readonly maintenanceSince: Date | null;
  /** The files that the restored data needs. They were in their place before the data was. */
  readonly attachments: RestoredAttachments;
}

const MIGHT_BE_CLOSING_MS = 3_000;

/**
 * Replaces the live database by the backup. The backup is restored and proven beside it, and the two swap names in one
 * step. So a failure or a kill before that leaves the old data in its place. The epoch increases, so that no client
 * trusts its earlier numbers.
 *
 * Maintenance keeps its current state, which operators chose; it is not part of the users' data. The installation id
 * stays too, whichever backup the database gets. An empty database takes the id of the installation that was backed up,
 * unless it is to be a copy.
 * @throws BackupError
 */
export async function restoreBackup(
  context: BackupContext,
  backup: Backup,
  options: Options,
): Promise<Restoration> {
  await requireRestorable(context, backup);
  const url = directUrl(context);
  return SideDatabases.with(url, async (databases) => {
    const before = await readLive(url);
    requireConsent(databases.live, before, options);
    const connected = await databases.connectionsToLive(options.force ? 0 : MIGHT_BE_CLOSING_MS);
    if (connected > 0 && !options.force) {
      throw new BackupError(
        `${connected} connections to the database "${databases.live}" are open. Stop the servers, or pass --force: they are disconnected then, and go on with the restored data.`,
      );
    }
    const epoch = (await highestEpoch(context, before.epoch)) + 1;
    const replaced = databases.nameForReplaced();
    let { maintenanceSince } = before;
    const refused: string[] = [];
    let attachments: RestoredAttachments | undefined;
    const verification = await databases.withScratch(async (scratchUrl, scratch) => {
      const privileges = await readPrivileges(url, scratch);
      const { attachmentCount: _, ...result } = await restoreWithRights(
        context,
        backup,
        { url: scratchUrl, name: scratch },
        privileges,
      );
      await whileFilesStay(url, async (requireLock) => {
        attachments = await restoreAttachments(context, backup, scratchUrl);
        // Of files that were there already, those of the backup have not been read.
        if (attachments.restored === attachments.count) await recordProof(backup, result);
        await removeRevokedFiles(context, scratchUrl);
        context.progress('changing the places');
        // Read as late as possible: restoring takes long, and maintenance may have begun or ended meanwhile.
        maintenanceSince = (await readLive(url)).maintenanceSince;
        await withClient(scratchUrl, (client) =>
          client.query(
            `update database_state set epoch = $1, maintenance_since = $2, installation_id = coalesce($3, installation_id)`,
            [epoch, maintenanceSince, before.installationId ?? (options.copy ? randomUUID() : null)],
          ),
        );
        refused.push(...(await grantTo(scratchUrl, privileges.settings)));
        await requireLock();
        // Ends the session of the lock with all others, so that no collector comes in between.
        await databases.putInPlace(scratch, replaced);
      });
      // They name the database as it was called while it was filled.
      for (const statement of refused)
        context.warn(
          `An administrator has to run this, which belongs to the database as it was: ${statement.replaceAll(scratch, databases.live)}`,
        );
      return result;
    });
    const isKept = !before.isEmpty && !options.discard;
    await databases.dropReplaced(isKept ? replaced : undefined);
    return {
      ...verification,
      epoch,
      database: databases.live,
      replaced: isKept ? replaced : undefined,
      disconnected: connected,
      maintenanceSince,
      attachments: attachments!,
    };
  });
}

interface Live {
  readonly isEmpty: boolean;
  /** 0 when it is not there. */
  readonly epoch: number;
  /** Null also where there is nothing to know it from. */
  readonly maintenanceSince: Date | null;
  /** Undefined where there is none yet. */
  readonly installationId: string | undefined;
}

async function readLive(url: string): Promise<Live> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ isEmpty: boolean; has_state: boolean }>(INSTALLATION);
    const { isEmpty, has_state: hasState } = rows[0]!;
    if (!hasState) return { isEmpty, epoch: 0, maintenanceSince: null, installationId: undefined };
    // An older schema has no maintenance.
    const { rows: states } = await client.query<{
      epoch: number;
      maintenance: Date | null;
      installation: string | null;
    }>(`
      select epoch, (to_jsonb(state)->>'maintenance_since')::timestamptz as maintenance,
        to_jsonb(state)->>'installation_id' as installation
      from public.database_state state`);
    const [state] = states;
    return {
      isEmpty,
      epoch: state?.epoch ?? 0,
      maintenanceSince: state?.maintenance ?? null,
      installationId: state?.installation ?? undefined,
    };
  });
}

function requireConsent(name: string, { isEmpty }: Live, { force, confirm }: Options): void {
  if (isEmpty || force || confirm === name) return;
  throw new BackupError(
    `The database "${name}" is not empty. To replace what is in it, pass --confirm ${name}; the old data is kept under another name.`,
  );
}

/** No epoch may ever be given twice, also when the live database is gone: backups remember theirs. */
async function highestEpoch({ configuration }: BackupContext, live: number): Promise<number> {
  const backups = await listBackups(configuration.backupFolder);
  return Math.max(live, ...backups.filter(isWhole).map(({ manifest }) => manifest.epoch));
}
