import type { EntityManager } from 'typeorm';
import { asWrite } from '../database/write-scope';
import type { Logged } from '../events/announcer';
import { LEASE_MS } from './lease';
import type { EncodedEvent } from '../events/shared';

/** All servers use this channel; the payload is the id of the writing server. */
export const CHANNEL = 'xfchat_server_events';
/** The channel for `Signals`, which are not stored: the id of the server, and the signals. */
export const SIGNALS_CHANNEL = 'xfchat_signals';

export const NOTIFY_SIGNALS = `
  select pg_notify('${SIGNALS_CHANNEL}', $1 || signals) from unnest($2::text[]) with ordinality s (signals, place)
  order by place`;

const LEASE = `interval '${LEASE_MS} milliseconds'`;
/**
 * After this long without a lease, the log no longer keeps rows for a server, and the server has to register
 * again.
 */
const GIVEN_UP = `interval '1 minute'`;

/**
 * Registers a server. It deletes events whose transaction id is in the future: these came with a dump of
 * another database.
 */
export const REGISTER = `
  with foreign_events as (
    delete from server_events where transaction_id >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint)
  insert into servers (id, lease_until, applied, carrier)
  values ($1, now() + ${LEASE}, pg_current_snapshot()::text, $2)
  on conflict (id) do update
    set lease_until = excluded.lease_until, applied = excluded.applied, carrier = excluded.carrier
  returning applied as snapshot, pg_current_xact_id()::text as "transactionId"`;

export const RENEW = `update servers set lease_until = now() + ${LEASE}, applied = $2, carrier = $3
  where id = $1
  returning id`;

export const UNREGISTER = `delete from servers where id = $1`;

/** Another server, as one read sees it. */
export interface Peer {
  readonly id: string;
  /** Whether others have to wait for it. */
  readonly isLive: boolean;
  /** The snapshot up to which it has applied the log. */
  readonly applied: string;
  /** The broker that it is connected to. */
  readonly carrier?: string | null;
}

/** Above this the server registers again: reading more rows would take longer than a lease, each time. */
export const MAX_ROWS = 5_000;

export interface LogRow {
  readonly id: number;
  readonly serverId: string;
  readonly events: readonly EncodedEvent[];
}

export interface Pull {
  readonly snapshot: string;
  readonly epoch: number;
  readonly isRegistered: boolean;
  readonly peers: readonly Peer[];
  readonly rows: readonly LogRow[];
}

/**
 * Reads the rows that were committed since a snapshot, in one statement: each exactly once. Rows of one
 * conversation are in the order of its lock, since they are numbered while the lock is held. It returns one
 * row more than `MAX_ROWS` when more are left. With `$4` it also notifies the other servers. Served by
 * `server_events_transaction_idx`.
 * @param $2 `xmax` of the snapshot
 * @param $3 transactions that were in progress then
 */
export const PULL = `
  select pg_current_snapshot()::text as snapshot,
    (select epoch from database_state) as epoch,
    exists (select from servers where id = $1) as "isRegistered",
    coalesce((select json_agg(json_build_object('id', id, 'isLive', lease_until > now(), 'applied', applied,
        'carrier', carrier))
      from servers where id <> $1), '[]') as peers,
    coalesce((select json_agg(json_build_object('id', id, 'serverId', server_id, 'events', events) order by id)
      from (select * from server_events where transaction_id >= $2::bigint or transaction_id = any ($3::bigint[])
        limit ${MAX_ROWS + 1}) missed), '[]') as rows,
    case when $4 then pg_notify('${CHANNEL}', $1::text) end as notified`;

/** The most rows that one statement deletes, so that it stays below the limit of an answer. */
const MAX_CLEANED = 20_000;

/** Deletes rows that every server has applied, and servers without a lease for long. */
export const CLEAN = `
  with gone as (delete from servers where lease_until < now() - ${GIVEN_UP} and id <> $1)
  delete from server_events where id in (
    select id from server_events e where not exists (
      select from servers s where not pg_visible_in_snapshot(e.transaction_id::text::xid8, s.applied::pg_snapshot))
    order by id limit ${MAX_CLEANED})`;

/** Runs in the transaction that the events belong to. */
export async function insertEvents(
  manager: Pick<EntityManager, 'query'>,
  serverId: string,
  events: readonly EncodedEvent[],
): Promise<Logged> {
  const [row] = await asWrite(() =>
    manager.query<[{ id: number; transactionId: string }]>(
      `insert into server_events (transaction_id, server_id, events)
       values (pg_current_xact_id()::text::bigint, $1, $2) returning id, transaction_id::text as "transactionId"`,
      [serverId, JSON.stringify(events)],
    ),
  );
  return { id: row.id, transactionId: BigInt(row.transactionId) };
}
