import type { DatabaseFault } from '../database/unusable-database';
import { DatabaseUnusableError } from '../database/unusable-database';
import type { LedgerEntry } from './ledger';
import { describeMigration, timestampOf, type RecordedMigration } from './recorded-migration';

/** How the migrations in the database compare with those of this program; names, oldest first. */
export interface SchemaVerdict {
  readonly applied: string[];
  /** Migrations that are not applied yet. */
  readonly pending: string[];
  /** Begun outside of a transaction and not finished. */
  readonly halfApplied: string[];
  /** Migrations in the ledger but not in TypeORM's table. */
  readonly disputed: string[];
  /** Applied by a newer program. */
  readonly newer: string[];
  /** Applied migrations that this program does not have, although they are not newer than its own. */
  readonly missing: string[];
  /** Applied migrations whose SQL differs from that of this program. */
  readonly edited: string[];
  /** Migrations that are not applied although newer ones are. */
  readonly outOfOrder: string[];
  /** The timestamp of this program's youngest migration. */
  readonly programVersion: number;
  /** The timestamp of the database's youngest migration; 0 while it is empty. */
  readonly schemaVersion: number;
  /** The oldest program that may run on the database. */
  readonly compatVersion: number;
  /** Whether this program may run although the database is newer. */
  readonly isCompatible: boolean;
}

/** @param known oldest first */
export function judgeSchema(
  known: readonly RecordedMigration[],
  ledger: readonly LedgerEntry[],
): SchemaVerdict {
  const byName = new Map(known.map((migration) => [migration.name, migration]));
  const isBegun = ({ checksum, appliedAt }: LedgerEntry): boolean => checksum !== undefined && !appliedAt;
  const names = (entries: readonly { name: string }[]): string[] => entries.map(({ name }) => name);
  const inDatabase = new Set(names(ledger));
  const programVersion = known.at(-1)?.timestamp ?? 0;
  const schemaVersion = Math.max(0, ...names(ledger).map(timestampOf));
  const compatVersion = Math.max(0, ...ledger.map((entry) => entry.compatVersion ?? 0));
  const unknown = ledger.filter(({ name }) => !byName.has(name));
  const newer = unknown.filter(({ name }) => timestampOf(name) > programVersion);
  const pending = known.filter(({ name }) => !inDatabase.has(name));
  return {
    applied: names(ledger.filter((entry) => !isBegun(entry))),
    pending: names(pending),
    // Only a program that knows a migration can finish it.
    halfApplied: names(ledger.filter((entry) => isBegun(entry) && byName.has(entry.name))),
    disputed: names(ledger.filter((entry) => !isBegun(entry) && !entry.isInTypeorm)),
    newer: names(newer),
    missing: names(unknown.filter((entry) => !newer.includes(entry))),
    edited: names(
      ledger.filter(
        ({ name, checksum }) => checksum && byName.has(name) && byName.get(name)!.checksum !== checksum,
      ),
    ),
    outOfOrder: names(pending.filter(({ timestamp }) => timestamp < schemaVersion)),
    programVersion,
    schemaVersion,
    compatVersion,
    // A migration that only TypeORM's table records does not say which programs may run on it.
    isCompatible: compatVersion <= programVersion && newer.every(({ checksum }) => checksum !== undefined),
  };
}

const list = (names: readonly string[]): string => names.map(describeMigration).join(', ');

/**
 * The fault that forbids both running on the database and migrating it. When there are several, the first to
 * repair.
 */
export function unusableSchema(verdict: SchemaVerdict): DatabaseUnusableError | undefined {
  const { newer, missing, edited, disputed, outOfOrder } = verdict;
  const refuse = (fault: DatabaseFault, text: string): DatabaseUnusableError =>
    new DatabaseUnusableError(fault, text);
  if (newer.length > 0 && !verdict.isCompatible) return newerSchema(newer);
  if (missing.length > 0) {
    return refuse(
      'migration-missing',
      `Migrations that the database has are missing from this program: ${list(missing)}. Install a complete release.`,
    );
  }
  if (edited.length > 0) {
    return refuse(
      'migration-edited',
      `Migrations were edited after they had been applied: ${list(edited)}. Undo the edit, and make the change in a new migration.`,
    );
  }
  if (disputed.length > 0) {
    return refuse(
      'migration-half-applied',
      `The ledger has migrations that TypeORM's table lacks: ${list(disputed)}. Another program reverted them, fully or partly. Restore a backup, or compare the schema by hand and correct the table that is wrong.`,
    );
  }
  if (outOfOrder.length > 0) {
    return refuse(
      'migration-out-of-order',
      `Migrations are older than migrations that the database already has: ${list(outOfOrder)}. Give them a later timestamp.`,
    );
  }
  return undefined;
}

/** The fault that forbids a start, and that `migrate up` repairs. */
export function incompletenessOf({ halfApplied, pending }: SchemaVerdict): DatabaseUnusableError | undefined {
  if (halfApplied.length > 0) {
    return new DatabaseUnusableError(
      'migration-half-applied',
      `Migrations were started and not finished: ${list(halfApplied)}. Run \`npx xfchat migrate up\`, which finishes them.`,
    );
  }
  if (pending.length > 0) {
    return new DatabaseUnusableError(
      'schema-too-old',
      `The database lacks migrations: ${list(pending)}. Run \`npx xfchat migrate up\`, or set MIGRATE_ON_START=true.`,
    );
  }
  return undefined;
}

const newerSchema = (names: readonly string[]): DatabaseUnusableError =>
  new DatabaseUnusableError(
    'schema-too-new',
    `The database has migrations that this version of XFChat does not know: ${list(names)}. Start the version that made them, or restore a backup.`,
  );
