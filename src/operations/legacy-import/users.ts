import type { EntityManager } from 'typeorm';
import { FOLDED, foldedNames } from './folded-names';
import { DERIVED, derivedId, derivedIds, ID_OF_ROW } from './derived-id';
import type { LegacyRun } from './legacy-run';
import { madeAt, shownName } from './sql';
import { IN_WINDOW, stepOverRows } from './window';

/** A stored hash that no password matches. */
export const NO_PASSWORD = '!';
/** A bcrypt hash that a sign-in may verify. A cost above 14 would take seconds of CPU time. */
const USABLE_HASH = `'^\\$2[aby]\\$(0[4-9]|1[0-4])\\$[./A-Za-z0-9]{53}$'`;
/** Accounts of the earlier server itself. */
const SERVICE_EMAILS = `('system@bot', 'system@global')`;

const uniqueName = (base: string, isFree: string, key: string): string => `
  case when ${isFree} then ${base}
    when not exists (select from users taken where taken.username = left(${base}, 23) || '-' || left(md5(${key}), 8))
      and left(${base}, 23) || '-' || left(md5(${key}), 8) not in (select base from named)
      then left(${base}, 23) || '-' || left(md5(${key}), 8)
    else md5(${key}) end`;

/**
 * Imports all users, whatever is wrong with their names:
 * - username: folded by `foldName`, with a hyphen for each character that is not allowed, cut to 32 characters. A name
 *   of less than 3 characters, or none, becomes `user-` and eight digits. If several users have the same name, the
 *   first in order (RANK, created_at, id) keeps it. The others keep at most 23 characters, and get a hyphen and eight
 *   digits of the MD5 of their key.
 * - e-mail address: folded by `foldName`; omitted if it is invalid or already used.
 * - password: a bcrypt hash stays; nobody can sign in with any other hash.
 * Accounts of the server itself become internal users. Each change is a finding.
 */
export async function importUsers(run: LegacyRun): Promise<void> {
  await stepOverRows(run, 'users', 'users', async (manager, window) => {
    await manager.query(
      `with source as materialized (
         select r.source_key, r.rank, r.sort_at, r.row, ${ID_OF_ROW} as id, r.row->>'username' as old_name,
           r.row->>'email' as old_email, ${shownName(`r.row->>'username'`, 64)} as shown,
           coalesce(folded.email in ${SERVICE_EMAILS}, false) as is_service,
           coalesce(r.row->>'password_hash' ~ ${USABLE_HASH}, false) as is_usable,
           left(regexp_replace(trim(folded.username), '[^abcdefghijklmnopqrstuvwxyz0123456789._-]', '-', 'g'), 32) as folded,
           folded.email as folded_email
         from legacy_rows r ${DERIVED} ${FOLDED} where ${IN_WINDOW}),
       named as materialized (
         select s.*,
           case when s.folded ~ '^[a-z0-9._-]{3,32}$' then s.folded else 'user-' || left(md5(s.source_key), 8) end as base,
           case when s.folded_email ~ '^[^@[:space:]]+@[^@[:space:]]+$' and length(s.folded_email) <= 254
             then s.folded_email end as mail
         from source s),
       ranked as materialized (
         select n.*,
           row_number() over (partition by n.base order by n.rank, n.sort_at, n.source_key) = 1
             and not exists (select from users taken where taken.username = n.base) as has_name,
           n.mail is not null and row_number() over (partition by n.mail order by n.rank, n.sort_at, n.source_key) = 1
             and not exists (select from users taken where taken.email = n.mail) as has_mail
         from named n),
       final as materialized (
         select r.*, ${uniqueName('r.base', 'r.has_name', 'r.source_key')} as username from ranked r),
       inserted as (
         insert into users (id, username, email, password_hash, display_name, is_internal, created_at, updated_at)
         select id, username, case when has_mail then mail end,
           case when is_usable and not is_service then row->>'password_hash' else '${NO_PASSWORD}' end,
           coalesce(shown, username), is_service,
           ${madeAt('sort_at')}, ${madeAt('sort_at')}
         from final),
       mapped as (
         insert into legacy_mappings (source_table, source_key, target_id)
         select 'users', source_key, id from final)
       insert into legacy_findings (kind, source_table, source_key, detail)
       select f.kind, 'users', final.source_key, f.detail from final cross join lateral (values
         ('username-changed', case when username is distinct from old_name
           then format('%s is now %s', coalesce(quote_literal(old_name), 'without a name'), username) end),
         ('email-left-out', case when old_email is not null and not has_mail
           then case when mail is null then 'is no e-mail address' else 'somebody else has it' end end),
         ('password-unusable', case when not is_usable and not is_service then 'cannot sign in before an operator helps' end),
         ('service-user', case when is_service then 'was the earlier server itself' end)) as f (kind, detail)
       where f.detail is not null`,
      [
        ...window.parameters,
        ...(await derivedIds(manager, window, 'users')),
        ...(await foldedNames(manager, window)),
      ],
    );
  });
  await run.once('placeholder', insertPlaceholder);
  await run.analyze('users', 'legacy_mappings');
}

/** Inserts the user who replaces all unknown senders. */
async function insertPlaceholder(manager: EntityManager): Promise<void> {
  const id = derivedId('users', 'deleted user');
  await manager.query(
    `with named as (select 'deleted-user'::text as base)
     insert into users (id, username, password_hash, display_name, is_internal, created_at, updated_at)
     select $1::uuid, ${uniqueName('base', `not exists (select from users u where u.username = base)`, `$1::text`)},
       '${NO_PASSWORD}', 'deleted user', true, started_at, started_at
     from named cross join legacy_imports`,
    [id],
  );
  await manager.query(`update legacy_imports set placeholder_id = $1`, [id]);
}
