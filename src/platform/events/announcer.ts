import type { DataSource, EntityManager } from 'typeorm';

/**
 * Registers an event of the transaction that is under way: it is told to every server once that is committed. A function is
 * no event: whoever has something to be done uses `afterCommit`.
 */
export type Announce = <E extends object>(
  event: E extends (...values: never[]) => unknown ? never : E,
) => void;

/** Where the log keeps the events of a transaction. */
export interface Logged {
  readonly id: number;
  /** Of the transaction, as PostgreSQL numbers them (`xid8`). */
  readonly transactionId: bigint;
}

/** Tells all servers what was committed; `EventRelay` is the one of a server. */
export interface Announcer {
  /** Writes the events into the log, in the transaction that they belong to; undefined: nobody else needs to know. */
  log(manager: EntityManager, events: readonly object[]): Promise<Logged | undefined>;
  /** After the commit. Resolves once every server that may deliver has applied what takes rights away. */
  announce(events: readonly object[], logged: Logged | undefined): Promise<void>;
}

const announcers = new WeakMap<DataSource, Announcer>();

export const setAnnouncer = (dataSource: DataSource, announcer: Announcer): void =>
  void announcers.set(dataSource, announcer);

/** Of the server whose connections these are; commands have none, and servers notice what they do by themselves. */
export const announcerOf = (dataSource: DataSource): Announcer | undefined => announcers.get(dataSource);
