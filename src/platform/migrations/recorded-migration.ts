import { createHash } from 'node:crypto';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A migration as written in `src/migrations`: SQL that is the same whenever it is run. */
export interface Migration extends MigrationInterface {
  /** Why it cannot be taken back, for those that cannot. */
  readonly irreversible?: string;
  /**
   * The oldest schema version whose program runs on the schema that this one makes. Unset: every program that could run
   * before it still can, which is the rule; only what takes something away has to say.
   */
  readonly compatVersion?: number;
}

/** A migration and the SQL that it runs. */
export interface RecordedMigration {
  readonly migration: Migration;
  readonly name: string;
  /** The last 13 digits of the name; also the version of the schema that it makes. */
  readonly timestamp: number;
  readonly isTransactional: boolean;
  readonly compatVersion: number;
  readonly statements: readonly string[];
  /** Of the SQL and nothing else, so that the sources and what is built from them agree, whatever is done to comments. */
  readonly checksum: string;
}

/** Statements that may run outside a transaction: each can be killed half-way and run again. */
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
          `${describeMigration(name)} runs outside of a transaction and has to be one statement that can be repeated: CREATE INDEX CONCURRENTLY IF NOT EXISTS, DROP INDEX CONCURRENTLY IF EXISTS, or REINDEX … CONCURRENTLY.`,
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

/** For people: the file to look for, and the name that stands in the database. */
export function describeMigration(name: string): string {
  return `${fileOf(name)} (${name})`;
}
