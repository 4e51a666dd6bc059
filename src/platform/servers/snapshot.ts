/**
 * A `pg_snapshot` of PostgreSQL: the transactions that a statement saw. A number from a sequence is taken
 * before the commit, so it cannot show which rows became visible since; a snapshot can.
 */
export class Snapshot {
  private constructor(
    readonly text: string,
    /** The first transaction that had not begun. */
    readonly xmax: string,
    /** Transactions below `xmax` that were in progress. */
    readonly underWay: readonly string[],
  ) {}

  /** @param text `xmin:xmax:xid,xid…` */
  static parse(text: string): Snapshot {
    const [, xmax, underWay] = text.split(':');
    return new Snapshot(text, xmax!, underWay ? underWay.split(',') : []);
  }

  /** Whether the snapshot includes the commit of the transaction. */
  sees(transactionId: bigint): boolean {
    return transactionId < BigInt(this.xmax) && !this.underWay.includes(String(transactionId));
  }
}
