/** While the database remembers a server's lease, other servers wait for it before they acknowledge. */
export const LEASE_MS = 2_000;
/**
 * The lease ends for the server before it ends for the database, since one clock may run faster than the
 * other.
 */
const MARGIN_MS = 100;

/**
 * The monotonic clock may stop while the machine is suspended, and the wall clock may be set. So both are
 * read.
 */
export interface Clocks {
  monotonic(): number;
  wall(): number;
}
const SYSTEM_CLOCKS: Clocks = { monotonic: () => performance.now(), wall: () => Date.now() };

/**
 * Decides whether this server may deliver and take commands on sockets (G6). It may while the other servers
 * wait for it. A server that was frozen detects by its own clocks that they no longer do. It then delivers
 * nothing until it has a new lease and has applied all earlier commits.
 */
export class Lease {
  private until: { monotonic: number; wall: number } | undefined;
  private isCaughtUp = false;

  constructor(private readonly clocks: Clocks = SYSTEM_CLOCKS) {}

  /** Read this before the renewing statement is sent, so that the database's time is later. */
  now(): { monotonic: number; wall: number } {
    return { monotonic: this.clocks.monotonic(), wall: this.clocks.wall() };
  }

  /** The database has recorded the lease that was requested at `sentAt`. */
  renew(sentAt: { monotonic: number; wall: number }): void {
    const wasHeld = this.isHeld;
    const lasts = LEASE_MS - MARGIN_MS;
    this.until = { monotonic: sentAt.monotonic + lasts, wall: sentAt.wall + lasts };
    if (!wasHeld) this.isCaughtUp = false;
  }

  /** Called when the server has applied everything that a statement under this lease has seen. */
  catchUp(): void {
    if (this.isHeld) this.isCaughtUp = true;
  }

  end(): void {
    this.until = undefined;
    this.isCaughtUp = false;
  }

  /** Whether other servers wait for this one. */
  get isHeld(): boolean {
    const { until } = this;
    if (until && this.clocks.monotonic() < until.monotonic && this.clocks.wall() < until.wall) return true;
    this.end();
    return false;
  }

  /** Whether the server knows everything that others have acknowledged, and may deliver. */
  get isLive(): boolean {
    return this.isHeld && this.isCaughtUp;
  }
}
