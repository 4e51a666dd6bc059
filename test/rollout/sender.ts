import { randomUUID } from 'node:crypto';
import { XFChatClient, type Message, type XFChatError } from '../../client/src/index';
import { storageOf } from '../support/client-storage';
import type { Person } from '../support/people';
import { until } from '../support/until';

const PAUSE_MS = 400;
const ANSWER_TIMEOUT_MS = 60_000;

/** A request that was tried once. Times are those of `performance.now()`. */
export interface Attempt {
  readonly begunAt: number;
  readonly by: 'socket' | 'HTTP';
  /** The code of the problem; undefined when it was acknowledged. */
  readonly refusal: string | undefined;
}

/** A user who writes one message after the other with the client library, alternately by socket and HTTP. */
export class Sender {
  readonly attempts: Attempt[] = [];
  /** The acknowledged messages. */
  readonly acknowledged: Message[] = [];
  /** The reconnect delays that stopping servers have sent, in milliseconds. */
  readonly reconnectTimes: number[] = [];
  private readonly client: XFChatClient;

  private constructor(
    readonly person: Person,
    private readonly conversationId: string,
    client: XFChatClient,
  ) {
    this.client = client;
    client.on('event', ({ name, payload }) => {
      if (name === 'server:draining')
        this.reconnectTimes.push((payload as { reconnectInMs: number }).reconnectInMs);
    });
  }

  static async connect(
    person: Person,
    conversationId: string,
    url: string,
    transports: readonly ('websocket' | 'polling')[] = ['websocket'],
  ): Promise<Sender> {
    const client = new XFChatClient({
      url,
      storage: await storageOf(person),
      timeoutMs: ANSWER_TIMEOUT_MS,
      transports: [...transports],
      backoff: { initialMs: 100, maxMs: 1_000 },
    });
    const sender = new Sender(person, conversationId, client);
    await client.resume();
    return sender;
  }

  get isOnline(): boolean {
    return this.client.isOnline && this.client.conversation(this.conversationId) !== undefined;
  }

  /** A rejected message goes to the library, which retries until it is acknowledged. */
  async write(): Promise<void> {
    const message = { id: randomUUID(), body: `${this.attempts.length} of ${this.person.username}` };
    const begunAt = performance.now();
    const by = this.client.isOnline && this.attempts.length % 2 === 0 ? 'socket' : 'HTTP';
    try {
      this.acknowledged.push(await this.tryOnce(message, by));
      this.attempts.push({ begunAt, by, refusal: undefined });
    } catch (error) {
      this.attempts.push({ begunAt, by, refusal: (error as XFChatError).code });
      await this.client.conversation(this.conversationId)!.send(message);
    }
  }

  async writeUntil(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await this.write();
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * (0.5 + Math.random())));
    }
  }

  /** The shown messages, once everything was sent and nothing is missing. */
  async view(): Promise<readonly Message[]> {
    const { client, conversationId } = this;
    const conversation = client.conversation(conversationId)!;
    await until(
      `${this.person.username} to have sent and seen everything`,
      async () => {
        await client.check();
        return conversation.outgoing.length === 0 && conversation.status === 'complete';
      },
      120_000,
    );
    return conversation.messages;
  }

  async close(): Promise<void> {
    await this.client.stop();
  }

  private tryOnce(message: { id: string; body: string }, by: Attempt['by']): Promise<Message> {
    const { client, conversationId } = this;
    if (by === 'socket') return client.command('message:send', { conversationId, ...message });
    return client.request('POST', `/conversations/${conversationId}/messages`, message);
  }
}
