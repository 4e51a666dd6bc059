import { uuidv7 } from 'uuidv7';
import type { AuthenticationEvent } from './authentication-event';
import type { EventRow } from './authentication-event-rows';

/** A data source or the manager of a transaction. */
interface Database {
  query(text: string, values?: unknown[]): Promise<unknown>;
}

/**
 * Stores new rows, and the counts of existing ones. Does not name erased people: it holds the row of each person, so
 * that an erasure comes wholly before or after. Served by `users_pkey` and `authentication_events_pkey`.
 */
export async function storeEventRows(database: Database, rows: readonly EventRow[]): Promise<void> {
  if (rows.length === 0) return;
  const column = (name: keyof EventRow): unknown[] => rows.map((row) => row[name] ?? null);
  const now = performance.now();
  const secondsSince = (name: 'firstAt' | 'lastAt'): number[] => rows.map((row) => (now - row[name]) / 1_000);
  await database.query(
    `with given as (
       select * from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::text[], $7::text[],
         $8::text[], $9::text[], $10::bigint[], $11::double precision[], $12::double precision[])
         as g(id, kind, outcome, user_id, session_id, address, request_id, actor, detail, times, first_ago, last_ago)),
     person as (
       select id from users where id = any ($4) and erased_at is null order by id for key share)
     insert into authentication_events
       (id, kind, outcome, user_id, session_id, address, request_id, actor, detail, times, created_at, last_at)
     select g.id, g.kind, g.outcome, person.id, g.session_id, g.address, g.request_id, g.actor, g.detail, g.times,
       statement_timestamp() - make_interval(secs => g.first_ago),
       statement_timestamp() - make_interval(secs => g.last_ago)
     from given g left join person on person.id = g.user_id
     where g.user_id is null or person.id is not null
     on conflict (id) do update set times = excluded.times, last_at = excluded.last_at`,
    [
      column('id'),
      column('kind'),
      column('outcome'),
      column('userId'),
      column('sessionId'),
      column('address'),
      column('requestId'),
      column('actor'),
      column('detail'),
      column('times'),
      secondsSince('firstAt'),
      secondsSince('lastAt'),
    ],
  );
}

/** Stores events in the transaction that they describe. Only for rare events, since each takes a row. */
export async function recordEvents(
  database: Database,
  events: readonly AuthenticationEvent[],
): Promise<void> {
  const now = performance.now();
  await storeEventRows(
    database,
    events.map((event) => ({ ...event, id: uuidv7(), times: 1, firstAt: now, lastAt: now })),
  );
}

/** Finds the accounts of logins. Served by `users_username_key` and `users_email_key`. */
export async function accountsOfLogins(
  database: Database,
  logins: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (logins.length === 0) return new Map();
  const rows = (await database.query(
    `select username as login, id from users where username = any ($1) and erased_at is null
     union all select email, id from users where email = any ($1) and erased_at is null`,
    [logins],
  )) as { login: string; id: string }[];
  return new Map(rows.map(({ login, id }) => [login, id]));
}

/** Finds the accounts of sessions. Served by `sessions_pkey`. */
export async function accountsOfSessions(
  database: Database,
  sessionIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (sessionIds.length === 0) return new Map();
  const rows = (await database.query(`select id, user_id as "userId" from sessions where id = any ($1)`, [
    sessionIds,
  ])) as { id: string; userId: string }[];
  return new Map(rows.map(({ id, userId }) => [id, userId]));
}

/**
 * Deletes a batch of rows that are older than the retention. Served by `authentication_events_created_idx`.
 * @returns how many rows were deleted; fewer than `limit` when none are left
 */
export async function deleteOldEvents(database: Database, days: number, limit: number): Promise<number> {
  const [, deleted] = (await database.query(
    `delete from authentication_events where id in (
       select id from authentication_events where created_at < now() - make_interval(days => $1)
       order by created_at, id limit $2 for update skip locked)`,
    [days, limit],
  )) as [unknown, number];
  return deleted;
}

export interface LoggedEvent {
  readonly at: Date;
  readonly lastAt: Date;
  readonly times: number;
  readonly kind: string;
  readonly outcome: string;
  readonly userId: string | null;
  readonly username: string | null;
  readonly sessionId: string | null;
  readonly address: string | null;
  readonly requestId: string | null;
  readonly actor: string | null;
  readonly detail: string | null;
}

/**
 * Reads the newest entries, newest first: of one account or of all, and of the last `withinMs` or of all time. Served
 * by `authentication_events_user_idx` and `authentication_events_created_idx`.
 */
export async function readEvents(
  database: Database,
  filter: { userId?: string; kind?: string | undefined; withinMs?: number; limit: number },
): Promise<LoggedEvent[]> {
  const conditions = ['true'];
  const values: unknown[] = [filter.limit];
  if (filter.withinMs !== undefined)
    conditions.push(
      `e.created_at >= now() - make_interval(secs => $${values.push(filter.withinMs / 1_000)})`,
    );
  if (filter.userId !== undefined) conditions.push(`e.user_id = $${values.push(filter.userId)}`);
  if (filter.kind !== undefined) conditions.push(`e.kind = $${values.push(filter.kind)}`);
  return (await database.query(
    `select e.created_at as at, e.last_at as "lastAt", e.times, e.kind, e.outcome, e.user_id as "userId",
       u.username, e.session_id as "sessionId", e.address, e.request_id as "requestId", e.actor, e.detail
     from authentication_events e left join users u on u.id = e.user_id
     where ${conditions.join(' and ')}
     order by e.created_at desc, e.id desc limit $1`,
    values,
  )) as LoggedEvent[];
}
