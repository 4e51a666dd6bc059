/**
 * A `pg_snapshot` of PostgreSQL: which transactions a statement saw. Unlike a number from a sequence, which is taken before
 * the commit, it tells exactly what has become visible since.
 */
export class Snapshot {
  private constructor(
    readonly text: string,
    /** The first transaction that had not begun. */
    readonly xmax: string,
    /** Transactions below `xmax` that were under way. */
    readonly underWay: readonly string[],
  ) {}

  /** @param text `xmin:xmax:xid,xid…` */
  static parse(text: string): Snapshot {
    const [, xmax, underWay] = text.split(':');
    return new Snapshot(text, xmax!, underWay ? underWay.split(',') : []);
  }

  /** Whether what the transaction has committed was seen. */
  sees(transactionId: bigint): boolean {
    return transactionId < BigInt(this.xmax) && !this.underWay.includes(String(transactionId));
  }
}
