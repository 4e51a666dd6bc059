import type { DataMigration } from '../platform/migrations/data-migration';

interface Row {
  id: string;
  email: string;
}

/** As `foldName` was when this was written; a migration does not change with the program. */
const fold = (text: string): string => text.normalize('NFC').toLowerCase().normalize('NFC');

/**
 * E-mail addresses are looked up in one form, whatever the locale of the database says that lower case is. Brings those
 * into that form that were stored in another one. Where somebody else has the address in that form already, nothing is
 * changed, and the two are noted in `email_collisions`. Usernames have ASCII characters only and need nothing.
 */
export const FoldEmails1764000000077: DataMigration = {
  name: 'FoldEmails1764000000077',
  batchSize: 5_000,
  // Served by `users_pkey`.
  async step(run, cursor, limit) {
    const page = await run.query<Row[]>(
      `select id, coalesce(email, '') as email from users where id > coalesce($1::uuid, '00000000-0000-0000-0000-000000000000')
       order by id limit $2`,
      [cursor, limit],
    );
    for (const { id, email } of page.filter((row) => fold(row.email) !== row.email))
      await mend(run, id, fold(email));
    return { rows: page.length, cursor: page.length < limit ? null : page.at(-1)!.id };
  },
};

async function mend(run: Parameters<DataMigration['step']>[0], id: string, email: string): Promise<void> {
  const [taken] = await run.query<Row[]>(`select id from users where email = $1`, [email]);
  if (taken) {
    await run.query(
      `insert into email_collisions (user_id, taken_by) values ($1, $2) on conflict (user_id) do nothing`,
      [id, taken.id],
    );
  } else {
    await run.query(`update users set email = $2 where id = $1`, [id, email]);
  }
}
