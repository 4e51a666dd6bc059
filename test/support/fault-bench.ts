import { call } from './api';
import { FaultLoad, HONEST, whyNoAnswer } from './fault-load';
import { record, type FaultId, type FaultVerdict } from './fault-matrix';
import { FaultProxy } from './fault-proxy';
import { signUp, type Person } from './people';
import { PgBouncer } from './pgbouncer';
import { PostgresController } from './postgres-controller';
import { ServerProcess } from './server-process';
import type { TestSocket } from './test-socket';
import { until } from './until';

const DEADLINE_MS = 5_000;
/**
 * Time limits for an answer and for the recovery, in milliseconds. They are generous, because the client measures and may
 * share a busy machine with the server and the database. docs/fault-matrix.md has the results of a quiet machine.
 */
export const ANSWERED_WITHIN_MS = 4 * DEADLINE_MS;
export const RECOVERED_WITHIN_MS = 30_000;

export const ENVIRONMENT = {
  REQUEST_TIMEOUT_MS: String(DEADLINE_MS),
  DATABASE_ACQUIRE_TIMEOUT_MS: '2000',
  DATABASE_STATEMENT_TIMEOUT_MS: '2500',
  DATABASE_POOL_MAX: '10',
  CONTACT_POLICY: 'open',
  CANARY_INTERVAL_MS: '1000',
  LOG_LEVEL: 'warn',
  // Two servers on one database need the same secret.
  AUTH_SECRET: 'a-secret-of-40-characters-0123456789-xyz',
};

/** With `npm run test:pgbouncer`, PgBouncer runs between the server and the faulty network. */
const isBehindPgBouncer = Boolean(process.env.TEST_BEHIND_PGBOUNCER);

interface Options {
  environment?: Record<string, string>;
  settings?: Record<string, string>;
  prefix?: string[];
  nodeOptions?: string[];
  /** False to send over sockets only, for faults in which tokens expire. */
  isOverHttp?: boolean;
}

interface Fault {
  begin(): void | Promise<void>;
  /** Runs while the fault lasts; the fault ends when it resolves. */
  meanwhile(): Promise<void>;
  end(): void | Promise<void>;
}

/** The answers of both probes. */
interface Look {
  readonly live: number;
  readonly ready: number;
  readonly reasons: string[];
}

/** A server under load, with a PostgreSQL that tests can break, and the results. */
export class FaultBench {
  readonly looks: Look[] = [];
  load!: FaultLoad;
  private isWatching = true;
  private watching: Promise<void> | undefined;
  private ids: (string | undefined)[] = [];

  private constructor(
    readonly postgres: PostgresController,
    readonly proxy: FaultProxy,
    readonly server: ServerProcess,
    readonly people: Person[],
    readonly sockets: TestSocket[],
    readonly conversationId: string,
    private readonly isOverHttp: boolean,
    private readonly bouncer: PgBouncer | undefined,
  ) {}

  static async start(options: Options = {}): Promise<FaultBench> {
    const { environment, settings, isOverHttp = true, ...process } = options;
    const postgres = await PostgresController.create(settings);
    const proxy = await FaultProxy.inFrontOf(postgres.url());
    const bouncer = isBehindPgBouncer ? await PgBouncer.start(proxy.url) : undefined;
    const addresses: Record<string, string> = bouncer
      ? { DATABASE_URL: bouncer.url('chat'), DIRECT_DATABASE_URL: proxy.url, DATABASE_POOLER: 'transaction' }
      : { DATABASE_URL: proxy.url };
    const server = await ServerProcess.start({
      environment: { ...ENVIRONMENT, ...addresses, ...environment },
      ...process,
    });
    const people = [await signUp(server.url), await signUp(server.url)];
    const conversationId = await people[0]!.direct(people[1]!);
    const sockets = await Promise.all([...people, ...people].map((person) => person.connect()));
    return new FaultBench(postgres, proxy, server, people, sockets, conversationId, isOverHttp, bouncer);
  }

  /** Runs load, fault and recovery, and then counts the messages. It can run several times on one bench. */
  async through(id: FaultId, fault: Fault): Promise<FaultVerdict> {
    this.beginLoad();
    await until('some load', () => this.load.acknowledged.size > 50, 30_000);
    const acknowledgedBefore = this.load.acknowledged.size;
    this.looks.length = 0;
    let recoveryMs: number;
    try {
      await fault.begin();
      await fault.meanwhile();
    } finally {
      await fault.end();
      this.load.mark();
      recoveryMs = await until(
        'a message to be acknowledged',
        () => this.load.recoveryMs,
        RECOVERED_WITHIN_MS,
      ).catch(() => Infinity);
    }
    const during = this.looks.splice(0);
    await until('readiness', async () => (await this.look()).ready === 200);
    const after = this.load.acknowledged.size + 20;
    await until('the load to go on', () => this.load.acknowledged.size > after);
    expect(acknowledgedBefore).toBeGreaterThan(0);
    return this.conclude(id, during, recoveryMs);
  }

  beginLoad(): void {
    this.load?.abandon();
    this.load = new FaultLoad(this.conversationId, {
      sockets: this.sockets,
      people: this.isOverHttp ? this.people : [],
    });
    this.ids = this.sockets.map(({ socket }) => socket.id);
    this.isWatching = true;
    this.watching = this.watch();
  }

  /** Ends the load, reads the history and records the verdict. */
  async conclude(
    id: FaultId,
    during: Look[],
    recoveryMs: number,
    more: string[] = [],
  ): Promise<FaultVerdict> {
    await this.load.stop();
    this.isWatching = false;
    await this.watching;
    const { lost, twice } = await this.reckon();
    const reasons = new Set(during.flatMap((look) => look.reasons));
    const isGreen = during.every((look) => look.live === 200);
    const verdict: FaultVerdict = {
      bitten: [...this.load.refusals.keys(), ...more].sort(),
      live: isGreen ? 'green' : `red: ${[...reasons].join(', ')}`,
      ready: reasons.size > 0 ? [...reasons].sort() : ['green'],
      acknowledged: this.load.acknowledged.size,
      lost,
      twice,
      recoveryMs,
      isSameProcess: !this.server.hasEnded,
    };
    record(id, verdict);
    return verdict;
  }

  /** Asserts what must hold after every fault. */
  async expectWhole(verdict: FaultVerdict): Promise<void> {
    expect(verdict).toMatchObject({ live: 'green', lost: 0, twice: 0, isSameProcess: true });
    expect(verdict.bitten).not.toEqual([]);
    expect([...this.load.refusals.keys()].filter((code) => !HONEST.test(code))).toEqual([]);
    expect(verdict.recoveryMs).toBeLessThanOrEqual(RECOVERED_WITHIN_MS);
    expect(this.load.longestMs).toBeLessThan(ANSWERED_WITHIN_MS);
    expect(this.sockets.map(({ socket }) => socket.id)).toEqual(this.ids);
    expect(this.sockets.flatMap((socket) => socket.payloads('session:expired'))).toEqual([]);
    await until('the pool to be as before', async () => {
      const { pool } = (await call(this.server.url, 'GET', '/health')).body.details;
      return pool.waiting === 0 && pool.oldestCheckoutMs < 1_000;
    });
  }

  /** The statuses that the first socket has received. */
  get statuses(): string[] {
    return this.sockets[0]!.payloads('server:status').map(({ status }) => status as string);
  }

  async look(): Promise<Look> {
    const [live, ready] = await Promise.all([
      call(this.server.url, 'GET', '/health/live'),
      call(this.server.url, 'GET', '/health/ready'),
    ]);
    const down = Object.values((ready.body?.error ?? {}) as Record<string, { reason: string }>);
    return { live: live.status, ready: ready.status, reasons: down.map(({ reason }) => reason) };
  }

  /** Waits until the load has received `count` more problems. */
  async refusals(count: number): Promise<void> {
    const sum = (): number => [...this.load.refusals.values()].reduce((total, each) => total + each, 0);
    const target = sum() + count;
    await until('refusals', () => sum() >= target);
  }

  async unready(): Promise<void> {
    await until('readiness to turn red', () => this.looks.some(({ ready }) => ready === 503));
  }

  async close(): Promise<void> {
    this.load?.abandon();
    this.isWatching = false;
    for (const socket of this.sockets) socket.close();
    await this.server.close();
    await this.bouncer?.stop();
    await this.proxy.close();
    await this.postgres.stop();
  }

  private async watch(): Promise<void> {
    while (this.isWatching) {
      this.looks.push(
        await this.look().catch((error) => ({ live: 0, ready: 0, reasons: [whyNoAnswer(error)] })),
      );
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
  }

  /** Reads all messages by `seq`. The numbers have no hole, and each acknowledged message has its acknowledged number. */
  private async reckon(): Promise<{ lost: number; twice: number }> {
    const rows = (await this.postgres.query(
      `select id, seq::integer from chat_messages where conversation_id = '${this.conversationId}' order by seq`,
    )) as { id: string; seq: number }[];
    expect(rows.map((row) => row.seq)).toEqual(rows.map((_row, index) => index + 1));
    const stored = new Map(rows.map((row) => [row.id, row.seq]));
    const { acknowledged, moved } = this.load;
    return {
      lost: [...acknowledged].filter(([id, seq]) => stored.get(id) !== seq).length,
      twice: rows.length - stored.size + moved.length,
    };
  }
}
