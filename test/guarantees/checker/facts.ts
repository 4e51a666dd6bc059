import type { Audit, Entry, Final, Heard, Message, View } from '../history/history';
import { attemptsOf, type Attempt } from './attempts';

/** A message that somebody tried to send, in one or several attempts. */
export interface Sending {
  readonly id: string;
  readonly conversationId: string;
  readonly userId: string;
  readonly attempts: Attempt[];
  readonly firstInvokedAt: number;
}

export interface Observed<T> {
  readonly t: number;
  readonly process: string;
  readonly key: string;
  readonly value: T;
}

/** A message as somebody received it: in an acknowledgement, live, or in an answer about the past. */
export interface Telling {
  readonly t: number;
  readonly key: string;
  readonly process: string;
  readonly message: Message;
}

/** A period of absence. It begins with an acknowledged removal, and ends when an addition begins. */
export interface Absence {
  readonly from: number;
  readonly to: number;
}

/** A history, arranged for the checks of the guarantees. */
export class Facts {
  readonly attempts: readonly Attempt[];
  readonly sendings = new Map<string, Sending>();
  readonly heard: readonly Observed<Heard>[];
  readonly views: readonly Observed<View>[];
  readonly finals: readonly Observed<Final>[];
  readonly audits: readonly Observed<Audit>[];
  readonly conversationIds: readonly string[];

  constructor(history: readonly Entry[]) {
    this.attempts = attemptsOf(history);
    const observed = <T>(op: Entry['op']): Observed<T>[] =>
      history.filter((entry) => entry.op === op) as Observed<T>[];
    this.heard = observed<Heard>('hear');
    this.views = observed<View>('view');
    this.finals = observed<Final>('final');
    this.audits = observed<Audit>('audit');
    this.conversationIds = [...new Set(this.finals.map((final) => final.key))];
    for (const attempt of this.of('send')) this.addSending(attempt);
  }

  of(op: Attempt['op']): Attempt[] {
    return this.attempts.filter((attempt) => attempt.op === op);
  }

  finalsOf(conversationId: string): Final[] {
    return this.finals.filter((final) => final.key === conversationId).map((final) => final.value);
  }

  /** The final messages of a conversation, as its first reader found them. */
  messagesOf(conversationId: string): readonly Message[] {
    return this.finalsOf(conversationId)[0]?.messages ?? [];
  }

  /** Each time that somebody received a message before the end. */
  tellings(): Telling[] {
    const acknowledged = this.attempts
      .filter((attempt) => attempt.type === 'ok' && ['send', 'edit', 'delete'].includes(attempt.op))
      .map(({ endedAt, key, process, output }) => ({ t: endedAt, key, process, message: output as Message }));
    const caughtUp = this.of('sync').flatMap(({ endedAt, key, process, output }) =>
      ((output?.messages ?? []) as Message[]).map((message) => ({ t: endedAt, key, process, message })),
    );
    const heard = this.heard.map(({ t, key, process, value }) => ({
      t,
      key,
      process,
      message: value.message,
    }));
    return [...acknowledged, ...heard, ...caughtUp];
  }

  /** The periods in which somebody did not participate in a conversation, by the acknowledgements. */
  absencesOf(userId: string, conversationId: string): Absence[] {
    const creation = this.of('create').find((attempt) => attempt.key === conversationId);
    const wasThere = creation?.input.userId === userId || creation?.input.memberIds.includes(userId) === true;
    const absences: Absence[] = [];
    let since = wasThere ? undefined : -Infinity;
    const changes = this.attempts.filter(
      ({ op, key, input, type }) =>
        key === conversationId &&
        input.userId === userId &&
        // A possible addition ends an absence; only a certain removal begins one.
        ((op === 'add' && type !== 'fail') || (op === 'remove' && type === 'ok')),
    );
    for (const { op, invokedAt, endedAt } of changes) {
      if (op === 'remove') since ??= endedAt;
      else if (since !== undefined) {
        absences.push({ from: since, to: invokedAt });
        since = undefined;
      }
    }
    if (since !== undefined) absences.push({ from: since, to: Infinity });
    return absences;
  }

  private addSending(attempt: Attempt): void {
    const { id, userId } = attempt.input as { id: string; userId: string };
    // The same id with another sender or conversation is a different message, which the server must reject.
    const name = `${attempt.key} ${userId} ${id}`;
    const known = this.sendings.get(name);
    if (known) known.attempts.push(attempt);
    else
      this.sendings.set(name, {
        id,
        conversationId: attempt.key,
        userId,
        attempts: [attempt],
        firstInvokedAt: attempt.invokedAt,
      });
  }

  sendingOf(conversationId: string, message: Message): Sending | undefined {
    return this.sendings.get(`${conversationId} ${message.senderId} ${message.id}`);
  }
}
