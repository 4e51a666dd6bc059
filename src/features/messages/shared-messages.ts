import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { SharedEvents, type Reading } from '../../platform/events/shared';
import { Metrics } from '../../platform/metrics/metrics';
import { HostedRooms } from '../../platform/servers/hosted-rooms';
import { conversationRoom } from '../membership/conversation-room';
import { MessageContents } from './message-contents';
import { messageView, type MessageView } from './message-view';
import { MessageCreated, MessageDeleted, MessageUpdated } from './messages.events';
import { findMessages } from './messages.queries';

type Reference = readonly [conversationId: string, messageId: string];

/** The payload of a log entry as `messagesCreated` writes it: input and result of `append_messages`. */
interface CreatedPayload {
  readonly messages: readonly Reference[];
}
interface ChangedPayload {
  readonly message: Reference;
  readonly onlyUserId?: string | undefined;
}

const referenceTo = ({ conversationId, id }: MessageView): Reference => [conversationId, id];

/**
 * Reads messages that other servers stored. The log names messages without their text, which is stored in one place
 * only. This server reads the current text, in one query, of the conversations that somebody here subscribes to.
 */
@Injectable()
export class SharedMessages implements OnModuleInit {
  private readonly contents = new MessageContents();
  private readonly fromContents: ReturnType<Metrics['counter']>;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly shared: SharedEvents,
    private readonly hosted: HostedRooms,
    metrics: Metrics,
  ) {
    this.fromContents = metrics.counter(
      'xfchat_relay_messages_total',
      'New messages of other servers, by where this one has taken them from',
      ['from'],
    );
  }

  onModuleInit(): void {
    this.shared.useCodec<MessageCreated, CreatedPayload>(MessageCreated, {
      encode: ({ message }) => ({ messages: [referenceTo(message)] }),
      decode: async (payloads, reading) => {
        const references = payloads.flatMap(({ messages }) => messages);
        const known = this.takeContents(references, reading);
        const found = await this.read(references.filter(([, id]) => !known.has(id)));
        this.fromContents.inc({ from: 'database' }, found.size);
        const all = new Map([...found, ...known]);
        return payloads.map(({ messages }) =>
          pick(all, messages).map((message) => new MessageCreated(message)),
        );
      },
      ahead: {
        roomOf: ({ message }) => conversationRoom(message.conversationId),
        contentOf: ({ message }) => message,
        keep: (content) => this.contents.keep(content as MessageView),
      },
    });
    this.shared.useCodec<MessageUpdated, ChangedPayload>(MessageUpdated, {
      encode: ({ message }) => ({ message: referenceTo(message) }),
      decode: async (payloads) => {
        const found = await this.read(payloads.map(({ message }) => message));
        return payloads.map(({ message }) => pick(found, [message]).map((view) => new MessageUpdated(view)));
      },
    });
    this.shared.useCodec<MessageDeleted, ChangedPayload>(MessageDeleted, {
      encode: ({ message, onlyUserId }) => ({ message: referenceTo(message), onlyUserId }),
      decode: async (payloads) => {
        const found = await this.read(
          payloads.map(({ message }) => message),
          () => true,
        );
        return payloads.map(({ message, onlyUserId }) =>
          pick(found, [message]).map((view) => new MessageDeleted(view, onlyUserId)),
        );
      },
    });
  }

  /**
   * Takes messages that arrived ahead of the log, where they still equal the stored row. The server is current, so this
   * part of the log names every deletion that was sent to anybody. A message that this part also changes is read from
   * the database.
   */
  private takeContents(
    references: readonly Reference[],
    { isCurrent, events }: Reading,
  ): Map<string, MessageView> {
    const taken = new Map<string, MessageView>();
    if (this.contents.size === 0) return taken;
    const changed = new Set(
      events.flatMap(({ payload }) => ('message' in payload ? (payload as ChangedPayload).message[1] : [])),
    );
    for (const [conversationId, id] of references) {
      const message = this.contents.take(id);
      if (message?.conversationId !== conversationId || !isCurrent || changed.has(id)) continue;
      if (this.hosted.has(conversationRoom(conversationId))) taken.set(id, message);
    }
    this.fromContents.inc({ from: 'redis' }, taken.size);
    return taken;
  }

  private async read(
    references: readonly Reference[],
    isWanted = (conversationId: string): boolean => this.hosted.has(conversationRoom(conversationId)),
  ): Promise<Map<string, MessageView>> {
    const ids = references.filter(([conversationId]) => isWanted(conversationId)).map(([, id]) => id);
    if (ids.length === 0) return new Map();
    const rows = await findMessages(this.dataSource.manager, ids);
    return new Map(rows.map((row) => [row.id, messageView(row)]));
  }
}

const pick = (found: ReadonlyMap<string, MessageView>, references: readonly Reference[]): MessageView[] =>
  references.flatMap(([, id]) => found.get(id) ?? []);
