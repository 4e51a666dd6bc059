import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { SharedEvents } from '../../platform/events/shared';
import { HostedRooms } from '../../platform/servers/hosted-rooms';
import { conversationRoom } from '../membership/conversation-room';
import { messageView, type MessageView } from './message-view';
import { MessageCreated, MessageDeleted, MessageUpdated } from './messages.events';
import { findMessages } from './messages.queries';

type Reference = readonly [conversationId: string, messageId: string];

/** What `append_messages` was given and has stored, as `messagesCreated` writes it. */
interface CreatedPayload {
  readonly messages: readonly Reference[];
}
interface ChangedPayload {
  readonly message: Reference;
  readonly onlyUserId?: string | undefined;
}

const referenceTo = ({ conversationId, id }: MessageView): Reference => [conversationId, id];

/**
 * The log names messages and does not hold them: their text is in one place. Another server reads those of conversations
 * that somebody follows there, as they are now, in one query.
 */
@Injectable()
export class SharedMessages implements OnModuleInit {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly shared: SharedEvents,
    private readonly hosted: HostedRooms,
  ) {}

  onModuleInit(): void {
    this.shared.useCodec<MessageCreated, CreatedPayload>(MessageCreated, {
      encode: ({ message }) => ({ messages: [referenceTo(message)] }),
      decode: async (payloads) => {
        const found = await this.read(payloads.flatMap(({ messages }) => messages));
        return payloads.map(({ messages }) =>
          pick(found, messages).map((message) => new MessageCreated(message)),
        );
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
