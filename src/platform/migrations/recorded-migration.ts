import { createHash } from 'node:crypto';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A migration in `src/migrations`. It always runs the same SQL. */
export interface Migration extends MigrationInterface {
  /** Why it cannot be reverted; unset if it can. */
  readonly irreversible?: string;
  /**
   * The oldest schema version whose program runs on the schema that this one makes. Unset when every program that
   * could run before it still can. Only a migration that removes something has to set it.
   */
  readonly compatVersion?: number;
}

/** A migration and the SQL that it runs. */
export interface RecordedMigration {
  readonly migration: Migration;
  readonly name: string;
  /** The last 13 digits of the name; also the version of the resulting schema. */
  readonly timestamp: number;
  readonly isTransactional: boolean;
  readonly compatVersion: number;
  readonly statements: readonly string[];
  /** The digest of only the SQL, so that sources and build agree, and comments may change. */
  readonly checksum: string;
}

/** Statements that may run outside a transaction, because each can be repeated after it was killed. */
const REPEATABLE =
  /^\s*(create\s+(unique\s+)?index\s+concurrently\s+if\s+not\s+exists|drop\s+index\s+concurrently\s+if\s+exists|reindex\s+(\([^)]*\)\s*)?\w+\s+concurrently)\s/i;

/**
 * The statements of the migrations, oldest first, found by running them against a recorder.
 * @throws Error when one cannot be repeated after having been killed outside of a transaction
 */
export async function recordMigrations(
  migrations: readonly (new () => Migration)[],
): Promise<RecordedMigration[]> {
  const instances = migrations.map((Class) => new Class());
  const compatibleSince = Math.min(...instances.map((migration) => timestampOf(nameOf(migration))));
  const recorded = await Promise.all(
    instances.map(async (migration) => {
      const name = nameOf(migration);
      const { statements, checksum } = await record((runner) => migration.up(runner));
      const isTransactional = migration.transaction !== false;
      if (!isTransactional && (statements.length !== 1 || !REPEATABLE.test(statements[0]!))) {
        throw new Error(
          `${describeMigration(name)} runs outside of a transaction and must be one repeatable statement: CREATE INDEX CONCURRENTLY IF NOT EXISTS, DROP INDEX CONCURRENTLY IF EXISTS, or REINDEX … CONCURRENTLY.`,
        );
      }
      return {
        migration,
        name,
        timestamp: timestampOf(name),
        isTransactional,
        compatVersion: migration.compatVersion ?? compatibleSince,
        statements,
        checksum,
      };
    }),
  );
  return recorded.sort((a, b) => a.timestamp - b.timestamp);
}

async function record(
  work: (runner: QueryRunner) => Promise<unknown>,
): Promise<{ statements: string[]; checksum: string }> {
  const statements: string[] = [];
  const hash = createHash('sha256');
  const recorder = {
    query: async (text: string, values: unknown[] = []): Promise<unknown[]> => {
      statements.push(text);
      hash.update(JSON.stringify([text, values]));
      return [];
    },
  };
  await work(recorder as unknown as QueryRunner);
  return { statements, checksum: hash.digest('hex') };
}

const nameOf = (migration: Migration): string => migration.name ?? migration.constructor.name;

export function timestampOf(name: string): number {
  return Number(/\d{13}$/.exec(name)?.[0] ?? Infinity);
}

/** `InternalUsers1764000000006` is in the file `1764000000006-internal-users`. */
export function fileOf(name: string): string {
  const [, words = name, timestamp = ''] = /^(.*?)(\d{13})$/.exec(name) ?? [];
  const kebab = words.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase();
  return timestamp ? `${timestamp}-${kebab}` : kebab;
}

/** For messages to operators: the file, and the name in the database. */
export function describeMigration(name: string): string {
  return `${fileOf(name)} (${name})`;
}
