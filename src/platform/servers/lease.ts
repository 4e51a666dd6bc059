/** While the database remembers a server's lease, other servers wait for it before they acknowledge. */
export const LEASE_MS = 2_000;
/** The server gives up before the database does: one clock may run a little faster than the other. */
const MARGIN_MS = 100;

/** Two clocks: the monotonic one may stand still while the machine is suspended, the other one may be set. */
export interface Clocks {
  monotonic(): number;
  wall(): number;
}
const SYSTEM_CLOCKS: Clocks = { monotonic: () => performance.now(), wall: () => Date.now() };

/**
 * Decides whether this server may deliver and take commands on sockets (G6). It may while the others know that they
 * have to wait for it. A frozen server finds out by its own clocks that they no longer do. It then delivers nothing
 * until it has a new lease and has applied everything committed before.
 */
export class Lease {
  private until: { monotonic: number; wall: number } | undefined;
  private isCaughtUp = false;

  constructor(private readonly clocks: Clocks = SYSTEM_CLOCKS) {}

  /** To be taken before the statement that renews is sent: its time is later than this. */
  now(): { monotonic: number; wall: number } {
    return { monotonic: this.clocks.monotonic(), wall: this.clocks.wall() };
  }

  /** The database has taken down a lease that was asked for then. */
  renew(sentAt: { monotonic: number; wall: number }): void {
    const wasHeld = this.isHeld;
    const lasts = LEASE_MS - MARGIN_MS;
    this.until = { monotonic: sentAt.monotonic + lasts, wall: sentAt.wall + lasts };
    if (!wasHeld) this.isCaughtUp = false;
  }

  /** Called when everything was applied that a statement sent under the lease has seen. */
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

  /** The server knows all that others have acknowledged, and may deliver. */
  get isLive(): boolean {
    return this.isHeld && this.isCaughtUp;
  }
}
