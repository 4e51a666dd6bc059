import { randomUUID } from 'node:crypto';
import type { Person } from './people';
import type { TestSocket } from './test-socket';

/** Problem codes that are honest answers to a fault. */
export const HONEST = /^(temporarily-unavailable|database-busy|outcome-unknown)$/;

type Attempt = (id: string) => Promise<{ ok: true; seq: number } | { ok: false; code: string }>;

/** The text that a failing test prints. */
export function whyNoAnswer(error: Error): string {
  const { code = '', message = '' } = (error.cause ?? {}) as { code?: string; message?: string };
  return `no answer: ${error.message} ${code} ${message}`.trim();
}

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Sends messages all the time, over sockets and HTTP. Each unacknowledged one is sent again with the same id. */
export class FaultLoad {
  /** The acknowledged `seq`, by message id. */
  readonly acknowledged = new Map<string, number>();
  /** The number of answers, by problem code. */
  readonly refusals = new Map<string, number>();
  /** Messages that were acknowledged twice with different numbers, which means that they were stored twice. */
  readonly moved: string[] = [];
  longestMs = 0;
  /** `mark` sets it: the first acknowledgement of a message that was begun later shows the recovery. */
  private markedAt = Infinity;
  private recoveredAt: number | undefined;
  private isOn = true;
  private isWanted = true;
  private senders: Promise<void>[] = [];

  constructor(
    private readonly conversationId: string,
    attempts: { sockets: TestSocket[]; people: Person[] },
  ) {
    const all = [
      ...attempts.sockets.map((socket) => this.over(socket)),
      ...attempts.people.map((person) => this.by(person)),
    ];
    this.senders = all.map((attempt) => this.send(attempt));
  }

  /** The first acknowledgement of a message that begins from now on counts as the recovery. */
  mark(): void {
    this.markedAt = performance.now();
    this.recoveredAt = undefined;
  }

  /** Time from the mark to the recovery, in milliseconds; undefined until then. */
  get recoveryMs(): number | undefined {
    return this.recoveredAt === undefined ? undefined : this.recoveredAt - this.markedAt;
  }

  /** Resolves when every message that was begun is acknowledged. */
  async stop(): Promise<void> {
    this.isOn = false;
    await Promise.all(this.senders);
  }

  /** Ends the load without waiting for open attempts. */
  abandon(): void {
    this.isOn = this.isWanted = false;
  }

  private over(socket: TestSocket): Attempt {
    return async (id) => {
      const answer = await socket
        .command('message:send', { conversationId: this.conversationId, id, body: `text of ${id}` })
        .catch(whyNoAnswer);
      if (typeof answer === 'string') return { ok: false, code: answer };
      return answer.ok ? { ok: true, seq: answer.data.seq } : { ok: false, code: answer.problem.code };
    };
  }

  private by(person: Person): Attempt {
    return async (id) => {
      const path = `/conversations/${this.conversationId}/messages`;
      const answer = await person.call('POST', path, { id, body: `text of ${id}` }).catch(whyNoAnswer);
      if (typeof answer === 'string') return { ok: false, code: answer };
      return answer.status < 300
        ? { ok: true, seq: answer.body.seq }
        : { ok: false, code: answer.body?.code ?? String(answer.status) };
    };
  }

  private async send(attempt: Attempt): Promise<void> {
    while (this.isOn) {
      const id = randomUUID();
      for (let isStored = false; !isStored && this.isWanted;) {
        const begun = performance.now();
        const answer = await attempt(id);
        const ended = performance.now();
        this.longestMs = Math.max(this.longestMs, ended - begun);
        if (answer.ok) {
          if (begun >= this.markedAt) this.recoveredAt ??= ended;
          if ((this.acknowledged.get(id) ?? answer.seq) !== answer.seq) this.moved.push(id);
          this.acknowledged.set(id, answer.seq);
          isStored = true;
        } else {
          this.refusals.set(answer.code, (this.refusals.get(answer.code) ?? 0) + 1);
        }
        await pause(isStored ? 5 : 50);
      }
    }
  }
}
