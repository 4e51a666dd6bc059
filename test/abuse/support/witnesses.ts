import { PASSWORD, signUp, type Person } from '../../support/people';
import { call } from '../../support/api';
import type { TestSocket } from '../../support/test-socket';
import { from } from './abuse-server';

const ADDRESSES = { pair: '198.51.100.1', signIn: '198.51.100.2', probe: '198.51.100.3' };
/** Between two tries of one witness: often enough for a p95, and far below every budget. */
const PAUSE_MS = { message: 50, signIn: 500, probe: 100 };
/** A try that took longer counts as this long, and as lost. */
const PATIENCE_MS = 30_000;

type Kind = 'message' | 'signIn' | 'probe';
const KINDS: Kind[] = ['message', 'signIn', 'probe'];

interface Observation {
  readonly phase: string;
  readonly took: Record<Kind, number[]>;
  readonly refused: string[];
}

/**
 * Other users during an attack: one sends and one hears, one signs in, and a probe asks for `/health/live`. Each comes
 * from an address of its own. `report` prints how long they waited before, under and after the attack; tests assert
 * that nobody of them was refused, and no times.
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

  /** Observes until `work` is done, and at least `rounds` sign-ins long. Gives what `work` gives. */
  async during<T>(phase: string, work: Promise<T> | T, rounds = 4): Promise<T> {
    const observation: Observation = { phase, took: { message: [], signIn: [], probe: [] }, refused: [] };
    this.observations.push(observation);
    let isOver = false;
    const result = Promise.resolve(work).finally(() => (isOver = true));
    const until = (): boolean => isOver && observation.took.signIn.length >= rounds;
    await Promise.all(KINDS.map((kind) => this.repeat(kind, observation, until)));
    return result;
  }

  /** What the witnesses were refused, or waited for in vain, in all phases. */
  get refused(): string[] {
    return this.observations.flatMap(({ phase, refused }) => refused.map((what) => `${phase}: ${what}`));
  }

  /** The same without what a machine that is too busy makes them wait for. */
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
