import { setTimeout as sleep } from 'node:timers/promises';
import { Lease } from './lease';
import { RelayConnection } from './relay-connection';
import {
  CLEAN,
  MAX_ROWS,
  NOTIFY_SIGNALS,
  PULL,
  REGISTER,
  RENEW,
  UNREGISTER,
  type LogRow,
  type Peer,
  type Pull,
} from './relay.queries';
import { Snapshot } from './snapshot';

/** How often each server reads the log without a notification, and renews its lease. */
const SWEEP_MS = 500;
/** The least time between two reads; rows that arrive in between are read together. */
const GAP_MS = 3;
/** The same after a read that failed. */
const RETRY_MS = 100;
const CLEAN_EVERY_MS = 10_000;

export interface LogReaderListener {
  /**
   * Publishes the rows in order, as long as the lease is held.
   * @returns whether rights were revoked; undefined when the lease ran out before everything was published
   */
  apply(rows: readonly LogRow[]): Promise<boolean | undefined>;
  /** Called when all rows of a read are applied. */
  applied(): Promise<void>;
  /** The server cannot know what it missed, so its clients have to restart. */
  begunAnew(): void;
  looked(durationMs: number): void;
  /** Another server has sent these signals (see `Signals`). */
  signalled?(text: string): void;
  failed(error: Error): void;
}

/**
 * Reads the event log from one snapshot to the next, holds the lease of this server, and knows the other
 * servers. One statement returns the new rows, the other servers, and whether this server is still
 * registered.
 */
export class LogReader {
  readonly lease = new Lease();
  /** The other servers. */
  peers: readonly Peer[] = [];
  /** Whether a request waits for other servers; then the next read begins at once. */
  isAwaited: () => boolean = () => false;
  /** The broker that this server is connected to, for the others to know. */
  carrier: () => string | undefined = () => undefined;
  private readonly connection: RelayConnection;
  /** The snapshot that was applied; undefined while the server is not registered. */
  private position: Snapshot | undefined;
  private registeredBy = 0n;
  /** Whether the others have noticed this server, and write its events into the log. */
  private isKnown = false;
  private epoch: number | undefined;
  private renewedAt = -Infinity;
  private cleanedAt = performance.now();
  private mustLook = false;
  private mustNotify = false;
  private isStopped = false;
  private hasGivenUp = false;
  private wake: (() => void) | undefined;
  private running: Promise<void> | undefined;

  constructor(
    url: string,
    private readonly serverId: string,
    private readonly listener: LogReaderListener,
  ) {
    this.connection = new RelayConnection(
      url,
      (writerId) => {
        if (writerId !== serverId) this.look();
      },
      (senderId, text) => {
        if (senderId !== serverId) this.listener.signalled?.(text);
      },
    );
  }

  start(): void {
    this.running ??= this.run();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.wake?.();
    await this.running;
    this.lease.end();
    this.position = undefined;
    await this.connection.ask(UNREGISTER, [this.serverId]).catch(() => undefined);
    this.connection.close();
  }

  /** Reads new rows. @param notify whether to notify the other servers too */
  look(notify = false): void {
    this.mustLook = true;
    this.mustNotify ||= notify;
    this.wake?.();
  }

  /**
   * Tells the others of the new `carrier`, and makes them read: recent messages of the old one may be lost.
   */
  carrierChanged(): void {
    this.renewedAt = -Infinity;
    this.look(true);
  }

  /** Whether all others that may deliver are connected to the same broker. */
  areAllOn(carrier: string): boolean {
    return this.peers.every((peer) => !peer.isLive || peer.carrier === carrier);
  }

  /** @throws the error of the database; some signals may then be lost */
  async notifySignals(texts: readonly string[]): Promise<void> {
    if (this.position) await this.connection.ask(NOTIFY_SIGNALS, [this.serverId, texts]);
  }

  /**
   * Rows since the last read are no longer published: the next successful read registers the server again.
   */
  giveUp(): void {
    this.hasGivenUp = true;
    this.epoch = undefined;
    this.lease.end();
  }

  /** Whether the server is registered with the others. */
  get isRegistered(): boolean {
    return this.position !== undefined && !this.hasGivenUp;
  }

  hasApplied(transactionId: bigint): boolean {
    return this.position?.sees(transactionId) === true;
  }

  /** Whether this server, and all others that may deliver, have applied the transaction. */
  isAppliedEverywhere(transactionId: bigint): boolean {
    return (
      this.hasApplied(transactionId) &&
      this.peers.every(({ isLive, applied }) => !isLive || Snapshot.parse(applied).sees(transactionId))
    );
  }

  private async run(): Promise<void> {
    while (!this.isStopped) {
      const isWell = await this.lookOnce().then(
        () => true,
        (error: Error) => {
          this.listener.failed(error);
          return false;
        },
      );
      await sleep(isWell ? GAP_MS : RETRY_MS);
      const isAwaited = this.mustLook || !this.isKnown || this.isAwaited();
      if (isWell && !isAwaited && !this.isStopped) await this.untilWoken();
    }
  }

  private async untilWoken(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, SWEEP_MS);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = undefined;
  }

  private async lookOnce(): Promise<void> {
    this.mustLook = false;
    if (!this.isRegistered) await this.register();
    // Takes a new lease before the read. From then on, other servers wait for this one before they
    // acknowledge.
    if (!this.lease.isHeld && !(await this.renew())) return this.beginAnew();
    const pull = await this.pull();
    const isAnotherEpoch = (this.epoch ?? pull.epoch) !== pull.epoch;
    if (!pull.isRegistered || isAnotherEpoch || pull.rows.length > MAX_ROWS) return this.beginAnew();
    this.epoch = pull.epoch;
    const tookRights = await this.listener.apply(pull.rows);
    if (tookRights === undefined) return this.look();
    this.position = Snapshot.parse(pull.snapshot);
    this.peers = pull.peers;
    // A server that has not noticed this one yet revokes rights without a row in the log.
    this.isKnown ||= this.isAppliedEverywhere(this.registeredBy);
    if (this.isKnown) this.lease.catchUp();
    await this.listener.applied();
    const isDue = performance.now() - this.renewedAt > SWEEP_MS * 0.9;
    if ((tookRights || isDue) && !(await this.renew())) return this.beginAnew();
    await this.clean();
  }

  private async register(): Promise<void> {
    const sentAt = this.lease.now();
    const [row] = await this.connection.ask<{ snapshot: string; transactionId: string }>(REGISTER, [
      this.serverId,
      this.carrier() ?? null,
    ]);
    this.lease.renew(sentAt);
    this.position = Snapshot.parse(row!.snapshot);
    this.registeredBy = BigInt(row!.transactionId);
    this.isKnown = false;
    if (!this.hasGivenUp) return;
    this.hasGivenUp = false;
    this.listener.begunAnew();
  }

  /** @returns false when the server is no longer registered */
  private async renew(): Promise<boolean> {
    const sentAt = this.lease.now();
    const rows = await this.connection.ask(RENEW, [
      this.serverId,
      this.position!.text,
      this.carrier() ?? null,
    ]);
    if (rows.length === 0) return false;
    // The same fault may have separated the other servers from the database, so they get time to come back.
    if (!this.lease.isHeld) this.cleanedAt = performance.now();
    this.lease.renew(sentAt);
    this.renewedAt = performance.now();
    return true;
  }

  private async pull(): Promise<Pull> {
    const notify = this.mustNotify;
    this.mustNotify = false;
    const { xmax, underWay } = this.position!;
    const began = performance.now();
    try {
      const [pull] = await this.connection.ask<Pull>(PULL, [this.serverId, xmax, underWay, notify]);
      this.listener.looked(performance.now() - began);
      return pull!;
    } catch (error) {
      this.mustNotify ||= notify;
      throw error;
    }
  }

  /** The next read registers the server again. Earlier rows that were not applied are unknown. */
  private beginAnew(): void {
    this.position = undefined;
    this.isKnown = false;
    this.epoch = undefined;
    this.lease.end();
    this.listener.begunAnew();
    this.look();
  }

  private async clean(): Promise<void> {
    if (performance.now() - this.cleanedAt < CLEAN_EVERY_MS) return;
    this.cleanedAt = performance.now();
    await this.connection.ask(CLEAN, [this.serverId]);
  }
}
