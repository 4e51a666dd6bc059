import { XFChatClient, XFChatError, type Conversation, type MemoryStorage } from '../../../client/src/index';
import { storageOf } from '../../support/client-storage';
import type { Person } from '../../support/people';
import { until } from '../../support/until';
import type { Heard, Message } from '../history/history';
import type { Recorder } from '../history/recorder';
import { ANSWER_TIMEOUT_MS, refused, type Command, type Device, type Follower, type Outcome } from './device';

type Told = Message & { readonly conversationId: string };

/**
 * The reference client of a user, which follows one conversation and records the received events. Each command is tried
 * once, because the checker needs the outcome of every attempt.
 */
export class ClientDevice implements Device, Follower {
  private client!: XFChatClient;
  /** The number of connections so far. The events of one connection arrive in order. */
  private connections = 0;

  private constructor(
    private readonly url: string,
    private readonly person: Person,
    private readonly conversationId: string,
    private readonly recorder: Recorder,
    private readonly storage: MemoryStorage,
  ) {}

  /** Begins to connect without waiting. */
  static async create(
    url: string,
    person: Person,
    conversationId: string,
    recorder: Recorder,
  ): Promise<ClientDevice> {
    const device = new ClientDevice(url, person, conversationId, recorder, await storageOf(person));
    await device.findReturned();
    return device;
  }

  get userId(): string {
    return this.person.id;
  }

  /** Undefined while its owner does not participate, or before its first state. */
  private get conversation(): Conversation | undefined {
    return this.client.conversation(this.conversationId);
  }

  get position(): { readonly seq: number; readonly rev: number } {
    return this.conversation?.position ?? { seq: 0, rev: 0 };
  }

  async connected(): Promise<void> {
    await until(`${this.person.username} to be connected`, () => this.client.isOnline);
  }

  async perform(conversationId: string, command: Command): Promise<Outcome> {
    const { op, ...fields } = command;
    try {
      const value = await this.client.command(`message:${op}`, { conversationId, ...fields });
      return { type: 'ok', value };
    } catch (error) {
      const { problem } = error as XFChatError;
      if (problem.status > 0) return refused(problem as Parameters<typeof refused>[0]);
      // Without a connection, nothing was attempted.
      if (problem.code === 'not-connected') return { type: 'fail', value: { ...problem, status: 503 } };
      return { type: 'info', value: problem };
    }
  }

  async settled(): Promise<readonly Message[]> {
    const name = this.person.username;
    await until(
      `${name} to have everything`,
      async () => {
        // Events prove nothing. Only an answer that says "nothing more" is a proof.
        await this.client.check();
        const { conversation } = this;
        // Retry if the connection was lost in between.
        while (conversation?.hasOlder && conversation.status === 'complete')
          await conversation.older(200).catch(() => undefined);
        return conversation?.status === 'complete' && !conversation.hasOlder;
      },
      60_000,
    );
    return this.conversation!.messages;
  }

  /** Disconnects, as when the application is closed. */
  async leave(): Promise<void> {
    await this.client.stop();
  }

  /** Starts again from the stored state. */
  async findReturned(): Promise<void> {
    this.client = new XFChatClient({
      url: this.url,
      storage: this.storage,
      timeoutMs: ANSWER_TIMEOUT_MS,
      keepMessages: 50, // recording more would slow down the other devices of this process
      transports: ['websocket'],
      backoff: { initialMs: 100, maxMs: 500 },
    });
    this.client.on('connection', (state) => (this.connections += state === 'online' ? 1 : 0));
    this.client.on('event', ({ name, payload }) => this.hear(name, payload as Told));
    this.client.on('conversation', (conversation) => this.shown(conversation));
    await this.client.resume();
  }

  /** Called with the shown messages whenever they change. */
  shown: (conversation: Conversation) => void = () => undefined;

  close(): void {
    void this.client.stop();
  }

  private hear(event: string, message: Told): void {
    if (!event.startsWith('message:') || message.conversationId !== this.conversationId) return;
    const heard = { userId: this.userId, event, message } as Heard;
    const process = `${this.person.username}#${this.connections}`;
    this.recorder.observe(process, 'hear', this.conversationId, heard);
  }
}
