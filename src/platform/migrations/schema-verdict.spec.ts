import type { LedgerEntry } from './ledger';
import { recordMigrations, type Migration } from './recorded-migration';
import { incompletenessOf, judgeSchema, unusableSchema } from './schema-verdict';

const migration = (name: string, sql: string, fields: Partial<Migration> = {}): new () => Migration =>
  class {
    name = name;
    up = (runner: { query(sql: string): Promise<unknown> }): Promise<unknown> => runner.query(sql);
    down = async (): Promise<void> => undefined;
    constructor() {
      Object.assign(this, fields);
    }
  };

const FIRST = migration('First1764000000001', 'create table a ()');
const SECOND = migration('SecondStep1764000000002', 'create table b ()');
const THIRD = migration('Third1764000000003', 'drop table a', { compatVersion: 1764000000002 });

async function ledgerOf(...applied: (new () => Migration)[]): Promise<LedgerEntry[]> {
  const recorded = await recordMigrations(applied);
  return recorded.map(({ name, checksum, compatVersion }) => ({
    name,
    checksum,
    compatVersion,
    appliedAt: new Date(),
    isInTypeorm: true,
  }));
}

async function judge(program: (new () => Migration)[], ledger: LedgerEntry[]) {
  const verdict = judgeSchema(await recordMigrations(program), ledger);
  return { verdict, refusal: unusableSchema(verdict), incompleteness: incompletenessOf(verdict) };
}

describe('the verdict on a schema', () => {
  it('is clean if it is that of this program', async () => {
    const { verdict, refusal, incompleteness } = await judge(
      [SECOND, FIRST, THIRD],
      await ledgerOf(FIRST, SECOND, THIRD),
    );
    expect([refusal, incompleteness]).toEqual([undefined, undefined]);
    expect(verdict).toMatchObject({
      applied: ['First1764000000001', 'SecondStep1764000000002', 'Third1764000000003'],
      programVersion: 1764000000003,
      schemaVersion: 1764000000003,
      compatVersion: 1764000000002,
    });
  });

  it('names the missing migrations if it is older', async () => {
    const { refusal, incompleteness } = await judge([FIRST, SECOND], await ledgerOf(FIRST));
    expect(refusal).toBeUndefined();
    expect(incompleteness).toMatchObject({ fault: 'schema-too-old', exitCode: 17 });
    expect(incompleteness!.message).toContain('1764000000002-second-step (SecondStep1764000000002)');
  });

  it("is accepted if only TypeORM's own table records it", async () => {
    const { verdict, refusal } = await judge(
      [FIRST, SECOND],
      [{ name: 'First1764000000001', isInTypeorm: true }],
    );
    expect(refusal).toBeUndefined();
    expect(verdict).toMatchObject({ applied: ['First1764000000001'], pending: ['SecondStep1764000000002'] });
  });

  it('is accepted if it is newer and still has everything that this program needs', async () => {
    const program = [FIRST];
    expect(await judge(program, await ledgerOf(FIRST, SECOND))).toMatchObject({
      verdict: { newer: ['SecondStep1764000000002'], isCompatible: true },
      refusal: undefined,
      incompleteness: undefined,
    });
    const { refusal } = await judge(program, await ledgerOf(FIRST, SECOND, THIRD));
    expect(refusal).toMatchObject({ fault: 'schema-too-new', exitCode: 18 });
    expect(refusal!.message).toContain('1764000000003-third');
  });

  it('is rejected if it is newer and no ledger describes how', async () => {
    const { refusal } = await judge(
      [FIRST],
      [...(await ledgerOf(FIRST)), { name: 'FromTheFuture9999999999999', isInTypeorm: true }],
    );
    expect(refusal).toMatchObject({ fault: 'schema-too-new' });
    expect(refusal!.message).toContain('FromTheFuture9999999999999');
  });

  it('is rejected if this program has other SQL for one of its migrations', async () => {
    const { refusal } = await judge(
      [FIRST, migration('SecondStep1764000000002', 'create table b (id integer)')],
      await ledgerOf(FIRST, SECOND),
    );
    expect(refusal).toMatchObject({ fault: 'migration-edited', exitCode: 21 });
    expect(refusal!.message).toContain('1764000000002-second-step');
  });

  it('is rejected if this program lacks one of its migrations', async () => {
    const { refusal } = await judge([FIRST, THIRD], await ledgerOf(FIRST, SECOND, THIRD));
    expect(refusal).toMatchObject({ fault: 'migration-missing', exitCode: 22 });
    expect(refusal!.message).toContain('1764000000002-second-step');
  });

  it('is rejected if a pending migration is older than an applied one', async () => {
    const { refusal } = await judge([FIRST, SECOND, THIRD], await ledgerOf(FIRST, THIRD));
    expect(refusal).toMatchObject({ fault: 'migration-out-of-order', exitCode: 23 });
    expect(refusal!.message).toContain('1764000000002-second-step');
  });

  it('may be migrated but not used if a migration is unfinished', async () => {
    const ledger = await ledgerOf(FIRST, SECOND);
    ledger[1] = { ...ledger[1]!, appliedAt: undefined, isInTypeorm: false };
    const { refusal, incompleteness } = await judge([FIRST, SECOND], ledger);
    expect(refusal).toBeUndefined();
    expect(incompleteness).toMatchObject({ fault: 'migration-half-applied', exitCode: 24 });
    expect(incompleteness!.message).toContain('1764000000002-second-step');
    // The newer program that began the migration will finish it.
    expect((await judge([FIRST], ledger)).incompleteness).toBeUndefined();
  });

  it('is rejected if another program reverted a migration', async () => {
    const ledger = await ledgerOf(FIRST, SECOND);
    ledger[1] = { ...ledger[1]!, isInTypeorm: false };
    const { refusal } = await judge([FIRST, SECOND], ledger);
    expect(refusal).toMatchObject({ fault: 'migration-half-applied' });
    expect(refusal!.message).toContain('1764000000002-second-step');
  });
});

describe('a recorded migration', () => {
  it('must be repeatable outside a transaction', async () => {
    const outside = (sql: string) =>
      recordMigrations([migration('Outside1764000000004', sql, { transaction: false })]);
    await outside('create index concurrently if not exists a_idx on a (id)');
    await outside('drop index concurrently if exists a_idx');
    await expect(outside('create index concurrently a_idx on a (id)')).rejects.toThrow(
      '1764000000004-outside',
    );
    await expect(outside('alter table a add column b text')).rejects.toThrow('one repeatable statement');
  });
});
