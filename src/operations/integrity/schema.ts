import type { DataSource, EntityManager } from 'typeorm';
import { readLedger } from '../../platform/migrations/ledger';
import { recordMigrations, type Migration } from '../../platform/migrations/recorded-migration';
import { replayMigrations, schemaParts, type SchemaPart } from '../../platform/migrations/replay-schema';
import { judgeSchema } from '../../platform/migrations/schema-verdict';
import type { Finding } from './finding';

const ONLY_ENTITIES =
  'The schema was compared with the entities of the program only, without functions, triggers and conditions: this user may ' +
  'not create a schema, or the database takes no writes. Let DIRECT_DATABASE_URL name the owner of the tables.';

/**
 * Whether the schema is as the migrations make it, and whether the entities of this program fit it. Objects that operators
 * added, such as an index of their own, are no finding. Says nothing of a schema that a newer program has made.
 * @param remark gets a sentence when the comparison was not complete
 */
export async function schemaFindings(
  dataSource: DataSource,
  manager: EntityManager,
  remark: (sentence: string) => void,
): Promise<Finding[]> {
  const known = await recordMigrations(dataSource.options.migrations as (new () => Migration)[]);
  const { applied, newer, missing, pending, halfApplied } = judgeSchema(known, await readLedger(manager));
  if (newer.length + missing.length > 0) return [];
  const expected = await replayMigrations(
    manager,
    known.filter(({ name }) => applied.includes(name)),
  );
  if (!expected) remark(ONLY_ENTITIES);
  const findings = expected ? deviations(expected, await schemaParts(manager)) : [];
  // Each deviation of the schema would show in the entities once more.
  if (findings.length > 0 || pending.length + halfApplied.length > 0) return findings;
  return entityFindings(dataSource);
}

function deviations(expected: readonly SchemaPart[], present: readonly SchemaPart[]): Finding[] {
  const keyOf = ({ kind, name }: SchemaPart): string => `${kind} ${name}`;
  const found = new Map(present.map((part) => [keyOf(part), part.definition]));
  return expected.flatMap((part): Finding[] => {
    const definition = found.get(keyOf(part));
    if (definition === part.definition) return [];
    return definition === undefined
      ? [{ kind: 'schema-missing', where: part.name, detail: `${part.kind} is missing: ${inShort(part)}` }]
      : [
          {
            kind: 'schema-differs',
            where: part.name,
            detail: `${part.kind} differs from what the migrations make: ${inShort(part)}`,
          },
        ];
  });
}

const SHORT = 200;

const inShort = ({ definition }: SchemaPart): string => {
  const line = definition.replace(/\s+/g, ' ').trim();
  return line.length > SHORT ? `${line.slice(0, SHORT)} …` : line;
};

/** The changes that TypeORM would make to match the schema with the entities. */
async function entityFindings(dataSource: DataSource): Promise<Finding[]> {
  const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
  return upQueries
    .map(({ query }) => query)
    .filter((query) => !/^DROP INDEX/i.test(query))
    .map((query) => ({
      kind: 'entity-differs',
      where: /"(?:public"\.")?([a-z_]+)"/.exec(query)?.[1] ?? 'schema',
      detail: `the schema differs from an entity of the program; this statement would make them equal: ${query}`,
    }));
}
