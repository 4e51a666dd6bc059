import type { DataSource, EntityManager } from 'typeorm';

/**
 * Registers an event of the current transaction. Every server receives it once the transaction is committed. A function
 * is not an event: effects use `afterCommit`.
 */
export type Announce = <E extends object>(
  event: E extends (...values: never[]) => unknown ? never : E,
) => void;

/** The log entries of a transaction's events. */
export interface Logged {
  readonly id: number;
  /** The transaction's id as PostgreSQL numbers it (`xid8`). */
  readonly transactionId: bigint;
}

/** Publishes committed events to all servers; `EventRelay` is the implementation. */
export interface Announcer {
  /** Writes the events into the log, in their own transaction; undefined when no other server needs them. */
  log(manager: EntityManager, events: readonly object[]): Promise<Logged | undefined>;
  /**
   * Call it after the commit. Resolves once every server that may deliver has applied the events that revoke
   * rights.
   */
  announce(events: readonly object[], logged: Logged | undefined): Promise<void>;
}

const announcers = new WeakMap<DataSource, Announcer>();

export const setAnnouncer = (dataSource: DataSource, announcer: Announcer): void =>
  void announcers.set(dataSource, announcer);

/** The announcer of this server. Commands have none: servers notice by themselves what commands do. */
export const announcerOf = (dataSource: DataSource): Announcer | undefined => announcers.get(dataSource);
