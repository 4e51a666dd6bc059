import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { Configuration } from '../configuration/configuration';
import { inTime } from '../database/in-time';
import { Metrics } from '../metrics/metrics';
import { redisAddress } from './redis-address';
import {
  connectRedis,
  RedisTooOldError,
  runScript,
  type OnMessage,
  type RedisConnection,
  type RedisScript,
} from './redis-connection';
import { readNamespace } from './namespace.queries';

const BEAT_MS = 250;
/** A beat that takes longer counts as late: a notification of PostgreSQL would have been faster. */
const MAX_LAG_MS = 200;
/** After this many missing or late beats in a row, the link is down. */
const MAX_LATE_BEATS = 3;
/** The beats of a cluster, so that every node has one. */
const CLUSTER_BEATS = 16;
/** The limit for a connection with all of its subscriptions. */
const CONNECT_MS = 2_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;

/** Subscribes whenever a connection is made, and is notified when the link goes up or down. */
export interface LinkUser {
  channels(): readonly string[];
  onMessage: OnMessage;
  onUp(): void;
  onDown(): void;
}

/**
 * Monitors the connection to Redis. The link is up when everything is subscribed and a published message came back
 * over the subscription. From then on, a beat makes the same round trip four times a second. If Redis is gone,
 * frozen, slow, half open or has lost subscriptions, beats do not come back. Then the link discards the connection
 * and tries new ones until one works. No request waits for Redis, and the server sends nothing to it while the link
 * is down.
 */
@Injectable()
export class RedisLink {
  readonly isConfigured: boolean;
  private readonly logger = new Logger(RedisLink.name);
  private readonly id = randomUUID();
  private readonly users: LinkUser[] = [];
  private connection: RedisConnection | undefined;
  /** The identity of this Redis: all servers with the same value are connected to the same one. */
  private redisId: string | undefined;
  private isUpNow = false;
  private beat = 0;
  private lastBeats: number[] = [];
  private lateBeats = 0;
  private sentAt = 0;
  private lagMs: number | undefined;
  private downSince = performance.now();
  private lastReason: string | undefined;
  private isStopped = false;
  private running: Promise<void> | undefined;
  private namespaceRead: string | undefined;
  private readonly failures: ReturnType<Metrics['counter']>;
  private readonly lagSeconds: ReturnType<Metrics['histogram']>;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly configuration: Configuration,
    metrics: Metrics,
  ) {
    this.isConfigured = configuration.REDIS_URL !== undefined;
    metrics.gauge('xfchat_redis_up', '1 while this server exchanges events through Redis', () =>
      this.isConfigured ? Number(this.isUp) : undefined,
    );
    this.failures = metrics.counter(
      'xfchat_redis_failures_total',
      'Lost connections to Redis and failed attempts to connect',
      ['reason'],
    );
    this.lagSeconds = metrics.histogram(
      'xfchat_redis_lag_seconds',
      'Time from publishing to receiving the own message through Redis',
      [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
    );
  }

  get isUp(): boolean {
    return this.isUpNow;
  }

  /** Undefined while the link is down. */
  get identity(): string | undefined {
    return this.isUpNow ? this.redisId : undefined;
  }

  get state(): { isUp: boolean; lagMs: number | undefined; downMs: number } {
    return { isUp: this.isUp, lagMs: this.lagMs, downMs: this.isUp ? 0 : performance.now() - this.downSince };
  }

  /**
   * The prefix of all names in Redis, because several installations may share one. Known once the link has been up.
   */
  get namespace(): string {
    return this.namespaceRead ?? 'xfchat:?';
  }

  use(user: LinkUser): void {
    this.users.push(user);
  }

  start(): void {
    if (this.isConfigured) this.running ??= this.run();
  }

  /** Does not wait for a connection that is being opened; it is discarded later. */
  stop(): void {
    this.isStopped = true;
    this.lose('stopped');
  }

  /** Does not wait, and does not fail: lost messages bring the link down. */
  publish(channel: string, text: string): void {
    const { connection } = this;
    connection?.publish(channel, text).catch(() => this.loseThis(connection));
  }

  /**
   * Resolves when the subscriptions are in force, or the link is down. The next connection subscribes to the
   * channels that are needed then.
   */
  async subscribe(channels: readonly string[], listener: OnMessage): Promise<void> {
    const { connection } = this;
    await connection?.subscribe(channels, listener).catch(() => this.loseThis(connection));
  }

  async unsubscribe(channels: readonly string[]): Promise<void> {
    const { connection } = this;
    await connection?.unsubscribe(channels).catch(() => this.loseThis(connection));
  }

  /** @throws Error after `patienceMs`, and at once while the link is down */
  async evaluate(
    script: RedisScript,
    keys: readonly string[],
    values: readonly string[],
    patienceMs: number,
  ): Promise<unknown> {
    if (!this.isUpNow || !this.connection) throw new Error('Redis is down');
    return inTime(patienceMs, runScript(this.connection, script, keys, values));
  }

  private async run(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    while (!this.isStopped) {
      try {
        const connection = await this.connect();
        pauseMs = FIRST_PAUSE_MS;
        while (this.connection === connection) await this.keepBeating();
      } catch (error) {
        if (error instanceof RedisTooOldError) this.lose('too-old', error.message);
        else this.lose('unreachable');
      }
      if (this.isStopped) return;
      await sleep(pauseMs * (0.5 + Math.random() / 2), undefined, { ref: false });
      pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
    }
  }

  private async connect(): Promise<RedisConnection> {
    this.namespaceRead ??= await readNamespace(this.dataSource);
    let made: RedisConnection | undefined;
    const opening = connectRedis(redisAddress(this.configuration.REDIS_URL ?? ''), () => {
      if (made && this.connection === made) this.lose('ended');
    });
    const connection = await inTime(CONNECT_MS, opening).catch((error: Error) => {
      // It may still succeed, and is then discarded.
      opening.then((late) => late.destroy()).catch(() => undefined);
      throw error;
    });
    if (this.isStopped) {
      connection.destroy();
      throw new Error('stopped');
    }
    this.connection = made = connection;
    this.lateBeats = 0;
    this.lagMs = undefined;
    this.lastBeats = this.beatChannels.map(() => this.beat);
    await inTime(CONNECT_MS, this.subscribeAll(connection));
    this.sendBeat(connection);
    return connection;
  }

  private async subscribeAll(connection: RedisConnection): Promise<void> {
    await connection.subscribe(this.beatChannels, (text, channel) => this.hearBeat(Number(text), channel));
    for (const user of this.users) await connection.subscribe(user.channels(), user.onMessage);
  }

  /** Every node of a cluster has some of them, because their names spread them over the slots. */
  private get beatChannels(): string[] {
    const count = this.connection?.isCluster ? CLUSTER_BEATS : 1;
    return Array.from({ length: count }, (_, index) => `${this.namespace}:beat:${index}:${this.id}`);
  }

  /** Counts rounds and not time, because a busy process reads received beats between two rounds. */
  private async keepBeating(): Promise<void> {
    const connection = this.connection!;
    await sleep(BEAT_MS, undefined, { ref: false });
    if (this.connection !== connection) return;
    const isSilent = this.lastBeats.some((beat) => beat < this.beat);
    this.lateBeats = isSilent || this.isSlow ? this.lateBeats + 1 : 0;
    if (this.lateBeats >= MAX_LATE_BEATS) this.lose(isSilent ? 'silent' : 'slow');
    else if (!isSilent) this.sendBeat(connection);
  }

  private sendBeat(connection: RedisConnection): void {
    this.beat++;
    this.sentAt = performance.now();
    for (const channel of this.beatChannels) this.publish(channel, String(this.beat));
    const key = `${this.namespace}:id`;
    connection.command(key, 'SET', key, this.id, 'NX', 'GET').then(
      (known) => this.identify(typeof known === 'string' ? known : this.id),
      () => this.loseThis(connection),
    );
  }

  private get isSlow(): boolean {
    return (this.lagMs ?? 0) > MAX_LAG_MS;
  }

  private identify(redisId: string): void {
    if (this.redisId === redisId) return;
    this.redisId = redisId;
    if (this.isUpNow) for (const user of this.users) user.onUp();
  }

  private hearBeat(beat: number, channel: string): void {
    const index = Number(channel.split(':').at(-2));
    this.lastBeats[index] = Math.max(this.lastBeats[index] ?? 0, beat);
    if (this.lastBeats.some((last) => last < this.beat)) return;
    this.lagMs = performance.now() - this.sentAt;
    this.lagSeconds.observe(this.lagMs / 1_000);
    if (this.isUpNow || this.isSlow || this.redisId === undefined) return;
    this.isUpNow = true;
    this.logger.log('this server exchanges events through Redis');
    for (const user of this.users) user.onUp();
  }

  /** The failure may belong to a connection that was discarded before. */
  private loseThis(connection: RedisConnection): void {
    if (this.connection === connection) this.lose('failed');
  }

  private lose(reason: string, detail = ''): void {
    const { connection, isUpNow } = this;
    this.connection = undefined;
    this.isUpNow = false;
    connection?.destroy();
    if (this.isStopped) return;
    this.failures.inc({ reason });
    if (isUpNow) this.downSince = performance.now();
    if (this.lastReason !== reason && (isUpNow || connection || this.lastReason === undefined))
      this.logger.warn(`Redis is ${detail || reason}: this server exchanges events through PostgreSQL`);
    this.lastReason = reason;
    if (isUpNow) for (const user of this.users) user.onDown();
  }
}
