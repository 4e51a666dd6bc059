/** One end of the channel between the primary and a worker: `process` in the worker, the worker's process in the primary. */
export interface ChannelEnd {
  send?(message: object, handle: undefined, options: undefined, done: (error: Error | null) => void): unknown;
  on(event: 'message', listener: (message: unknown) => void): unknown;
}

export type Handlers = Record<string, (content: unknown) => unknown>;

interface Message {
  readonly xfchat: string;
  readonly content?: unknown;
  /** Set on questions and their answers. */
  readonly id?: number;
}

/** The other side did not answer in time, or has ended. */
export class NoWordError extends Error {
  override name = 'NoWordError';
}

/** The other side's handler threw. */
export class RemoteError extends Error {
  override name = 'RemoteError';
}

const ANSWER = 'answer';
const FAILURE = 'failure';

/** Sends notices, and questions with answers, between two processes. It survives the end of the other side. */
export class Channel {
  private readonly pending = new Map<number, (message: Message) => void>();
  private nextId = 1;

  /** @param handlers of notices and questions, by name; the result of a handler is the answer */
  constructor(
    private readonly end: ChannelEnd,
    private readonly handlers: Handlers,
  ) {
    end.on('message', (message) => this.receive(message as Message));
  }

  tell(name: string, content?: unknown): void {
    this.send({ xfchat: name, content });
  }

  /** @throws NoWordError, RemoteError */
  async ask<T>(name: string, content: unknown, timeoutMs: number): Promise<T> {
    const id = this.nextId++;
    let timer: NodeJS.Timeout | undefined;
    try {
      const answer = await new Promise<Message>((resolve, reject) => {
        const giveUp = (): void => reject(new NoWordError(`no answer to "${name}"`));
        timer = setTimeout(giveUp, timeoutMs);
        this.pending.set(id, resolve);
        this.send({ xfchat: name, content, id }, giveUp);
      });
      if (answer.xfchat === FAILURE) throw new RemoteError(String(answer.content));
      return answer.content as T;
    } finally {
      clearTimeout(timer);
      this.pending.delete(id);
    }
  }

  private send(message: Message, onFailure: () => void = () => undefined): void {
    if (!this.end.send) return onFailure();
    try {
      this.end.send(message, undefined, undefined, (error) => error && onFailure());
    } catch {
      onFailure();
    }
  }

  private receive(message: Message): void {
    const { xfchat: name, id, content } = message;
    if (name === ANSWER || name === FAILURE) return this.pending.get(id!)?.(message);
    const handler = this.handlers[name];
    if (!handler) return;
    if (id === undefined) return void handler(content);
    Promise.resolve()
      .then(() => handler(content))
      .then(
        (answer) => this.send({ xfchat: ANSWER, id, content: answer }),
        (error: Error) => this.send({ xfchat: FAILURE, id, content: error.message }),
      );
  }
}
