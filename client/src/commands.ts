import { insist, Pause, type BackoffOptions } from './backoff.ts';
import type { Connection } from './connection.ts';
import type { ConversationView, Message } from './types.ts';
import type { Change } from './conversation.ts';
import type { OutgoingMessage } from './outbox.ts';
import { XFChatError } from './problem.ts';
import type { Call } from './routes.ts';
import type { Session } from './session.ts';
import { parseId } from './validate.ts';
import type { Commands as WireCommands, CreateConversation } from './wire.generated.ts';

interface CommandsOptions {
  readonly connection: Connection;
  readonly session: Session;
  readonly backoff: BackoffOptions;
  /** The server has acknowledged a message over the current socket; called with its stored form. */
  readonly stored: (message: Message) => void;
}

/** The ids that lead to a message. */
interface Place {
  readonly conversationId: string;
  readonly messageId: string;
}

/** The commands that are answered with a message. */
type MessageCommand = Extract<keyof WireCommands, `message:${string}`>;

const MESSAGE = '/conversations/{conversationId}/messages/{messageId}';

/** Sends the commands of the user, over the socket or, without one, over HTTP. Both have the same effect. */
export class Commands {
  private readonly pause = new Pause();
  /** The epoch of the last `ready`. Another epoch means another history. */
  private epoch: number | undefined;

  constructor(private readonly options: CommandsOptions) {
    options.connection.on('ready', ({ epoch }) => (this.epoch = epoch));
  }

  /** Ends all pauses between attempts. */
  hurry(): void {
    this.pause.wake();
  }

  /** Sends a message, in one attempt. @throws XFChatError */
  async deliver(message: OutgoingMessage): Promise<Message> {
    const { epoch } = this;
    const { conversationId, id, body, type, replyToId, attachmentIds } = message;
    const input = { id, body, type, replyToId, attachmentIds };
    const params = { conversationId };
    const stored = await this.either('message:send', { conversationId, ...input }, (call) =>
      call('POST /conversations/{conversationId}/messages', { params, body: input }),
    );
    // An acknowledgement from an earlier history does not prove that this one has the message.
    if (epoch !== undefined && epoch !== this.epoch)
      throw XFChatError.unreachable(new Error('another epoch'));
    return stored;
  }

  /** Changes a message, with a few attempts. @throws XFChatError */
  async change(conversationId: string, change: Change): Promise<Message> {
    const messageId = parseId('The id of a message', change.messageId);
    const place = { conversationId, messageId };
    return this.insist(() => this.changeOnce(place, change));
  }

  private changeOnce(place: Place, change: Change): Promise<Message> {
    const params = place;
    switch (change.kind) {
      case 'edit':
        return this.either('message:edit', { ...place, ...change.edit }, (call) =>
          call(`PUT ${MESSAGE}`, { params, body: change.edit }),
        );
      case 'delete':
        return this.either('message:delete', place, (call) => call(`DELETE ${MESSAGE}`, { params }));
      case 'pin':
        return this.either('message:pin', place, (call) => call(`PUT ${MESSAGE}/pin`, { params }));
      case 'unpin':
        return this.either('message:unpin', place, (call) => call(`DELETE ${MESSAGE}/pin`, { params }));
      case 'react':
        return this.either('message:react', { ...place, emoji: change.emoji }, (call) =>
          call(`PUT ${MESSAGE}/reactions/{emoji}`, { params: { ...params, emoji: change.emoji } }),
        );
      case 'unreact':
        return this.either('message:unreact', { ...place, emoji: change.emoji }, (call) =>
          call(`DELETE ${MESSAGE}/reactions/{emoji}`, { params: { ...params, emoji: change.emoji } }),
        );
    }
  }

  /** Moves the read position. The server sends it to all devices of the user, this one included. @throws XFChatError */
  async markRead(conversationId: string, seq: number, unread: boolean): Promise<void> {
    const body = { seq, ...(unread && { unread }) };
    const params = { conversationId };
    await this.insist(() =>
      this.options.session.call('PUT /conversations/{conversationId}/read', { params, body }),
    );
  }

  createConversation(input: CreateConversation): Promise<ConversationView> {
    return this.insist(() => this.options.session.call('POST /conversations', { body: input }));
  }

  private async either<Name extends MessageCommand>(
    command: Name,
    payload: WireCommands[Name]['payload'],
    overHttp: (call: Call) => Promise<Message>,
  ): Promise<Message> {
    const { connection, session } = this.options;
    const { ready } = connection;
    const { generation } = session;
    if (!ready) return overHttp(session.call);
    try {
      const stored = await connection.command(command, payload);
      session.demand(generation);
      if (connection.ready === ready) this.options.stored(stored);
      return stored;
    } catch (error) {
      if (await session.recover(error, generation)) throw XFChatError.notConnected();
      throw error;
    }
  }

  /** Makes a few attempts, all in one session: a request of one user is never repeated as another user. */
  private insist<T>(work: () => Promise<T>): Promise<T> {
    const { backoff, session } = this.options;
    const { generation } = session;
    return insist(backoff, this.pause, async () => {
      session.demand(generation);
      return work();
    });
  }
}
