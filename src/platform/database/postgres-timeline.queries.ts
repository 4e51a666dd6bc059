import type { Client } from 'pg';

/**
 * PostgreSQL begins a new timeline with every promotion of a standby and every recovery to a point in time. Commits
 * that were acknowledged on the old one may be missing on it
 * (https://www.postgresql.org/docs/18/continuous-archiving.html#BACKUP-TIMELINES). The names of its log files begin
 * with the number of the timeline. The control file would show the old number until the first checkpoint of the new
 * timeline.
 */
const TIMELINE = `('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint`;

/**
 * Raises the epoch (G4) when the database is on another timeline than the one on which it began. When several
 * servers notice, one raises it; the others wait for the row and change nothing.
 * @returns the new epoch, or undefined when it is unchanged
 */
export async function raiseEpochOnNewTimeline(client: Client): Promise<number | undefined> {
  const { rows } = await client.query<{ epoch: number; is_first: boolean }>(
    `with server as (select ${TIMELINE} as timeline),
       before as (
         select s.timeline from database_state s, server
         where s.timeline is distinct from server.timeline for update of s)
     update database_state s set epoch = s.epoch + (before.timeline is not null)::integer, timeline = server.timeline
     from before, server
     returning s.epoch, before.timeline is null as is_first`,
  );
  return rows[0]?.is_first === false ? rows[0].epoch : undefined;
}
