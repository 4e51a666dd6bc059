import { PASSWORD, signUp, type Person } from '../../support/people';
import { call } from '../../support/api';
import type { TestSocket } from '../../support/test-socket';
import { from } from './abuse-server';

const ADDRESSES = { pair: '198.51.100.1', signIn: '198.51.100.2', probe: '198.51.100.3' };
/** The pause between two attempts of a witness: short enough for a p95, and far below every budget. */
const PAUSE_MS = { message: 50, signIn: 500, probe: 100 };
/** An attempt that takes longer counts as this long, and as lost. */
const PATIENCE_MS = 30_000;

type Kind = 'message' | 'signIn' | 'probe';
const KINDS: Kind[] = ['message', 'signIn', 'probe'];

interface Observation {
  readonly phase: string;
  readonly took: Record<Kind, number[]>;
  readonly refused: string[];
}

/**
 * Other users during an attack: one sends, one receives, one signs in, and a probe reads `/health/live`. Each has
 * a separate address. `report` prints how long they waited before, during and after the attack; tests assert
 * that none of them was rejected, and no times.
 */
export class Witnesses {
  private readonly observations: Observation[] = [];

  private constructor(
    private readonly url: string,
    private readonly conversationId: string,
    private readonly sender: TestSocket,
    private readonly listener: TestSocket,
    private readonly visitor: Person,
  ) {}

  static async enter(url: string): Promise<Witnesses> {
    const [sender, listener, visitor] = (await Promise.all([signUp(url), signUp(url), signUp(url)])) as [
      Person,
      Person,
      Person,
    ];
    const conversationId = await sender.group(listener);
    const options = { extraHeaders: from(ADDRESSES.pair) };
    const sockets = [await sender.connect(options), await listener.connect(options)] as const;
    return new Witnesses(url, conversationId, ...sockets, visitor);
  }

  /** Observes until `work` is done, for at least `rounds` sign-ins. @returns the result of `work` */
  async during<T>(phase: string, work: Promise<T> | T, rounds = 4): Promise<T> {
    const observation: Observation = { phase, took: { message: [], signIn: [], probe: [] }, refused: [] };
    this.observations.push(observation);
    let isOver = false;
    const result = Promise.resolve(work).finally(() => (isOver = true));
    const until = (): boolean => isOver && observation.took.signIn.length >= rounds;
    await Promise.all(KINDS.map((kind) => this.repeat(kind, observation, until)));
    return result;
  }

  /** The rejections and timeouts of the witnesses in all phases. */
  get refused(): string[] {
    return this.observations.flatMap(({ phase, refused }) => refused.map((what) => `${phase}: ${what}`));
  }

  /** The same, without timeouts that a busy machine explains. */
  get refusedByBudgets(): string[] {
    return this.refused.filter((what) => /: (429|rate-limited)$/.test(what));
  }

  report(title: string): void {
    const lines = this.observations.map(({ phase, took }) =>
      [phase.padEnd(14), ...KINDS.map((kind) => summary(took[kind]).padEnd(28))].join(' '),
    );
    const head = ['p50 / p95 in ms', 'sent to heard', 'sign-in', '/health/live'];
    process.stdout.write(
      `\n${title}\n${head.map((cell, index) => cell.padEnd(index === 0 ? 14 : 28)).join(' ')}\n${lines.join('\n')}\n`,
    );
  }

  close(): void {
    this.sender.close();
    this.listener.close();
  }

  private async repeat(kind: Kind, { took, refused }: Observation, isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const started = performance.now();
      const outcome = await this[kind]().catch((error: Error) => error.message);
      took[kind].push(performance.now() - started);
      if (outcome !== 'ok') refused.push(`${kind}: ${outcome}`);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS[kind]));
    }
  }

  private async message(): Promise<string> {
    const id = crypto.randomUUID();
    const heard = this.listener.next('message:created', (message) => message.id === id, PATIENCE_MS);
    heard.catch(() => undefined);
    const answer = await this.sender.command(
      'message:send',
      { conversationId: this.conversationId, id, body: 'is anybody there?' },
      PATIENCE_MS,
    );
    if (!answer.ok) return answer.problem.code as string;
    await heard;
    this.listener.events.length = 0;
    return 'ok';
  }

  private async signIn(): Promise<string> {
    const { status } = await call(this.url, 'POST', '/api/v1/auth/login', {
      body: { login: this.visitor.username, password: PASSWORD },
      headers: from(ADDRESSES.signIn),
    });
    return status === 200 ? 'ok' : String(status);
  }

  private async probe(): Promise<string> {
    const { status } = await call(this.url, 'GET', '/health/live', { headers: from(ADDRESSES.probe) });
    return status === 200 ? 'ok' : String(status);
  }
}

function summary(times: number[]): string {
  const sorted = [...times].sort((one, other) => one - other);
  const at = (share: number): string => (sorted[Math.floor((sorted.length - 1) * share)] ?? NaN).toFixed(1);
  return `${at(0.5)} / ${at(0.95)} (n=${times.length})`;
}
