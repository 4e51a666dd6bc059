import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { SessionEnded } from '../../features/authentication/session-ended.event';
import {
  ConversationAdded,
  ConversationChanged,
  ConversationDeleted,
  ParticipantChanged,
  ParticipantLeft,
} from '../../features/conversations/conversations.events';
import { UserBlocked } from '../../features/friends/friends.events';
import { conversationRoom } from '../../features/membership/conversation-room';
import type { MessageView } from '../../features/messages/message-view';
import { MessageCreated, MessageDeleted, MessageUpdated } from '../../features/messages/messages.events';
import { Configuration } from '../../platform/configuration/configuration';
import { DatabaseMonitor } from '../../platform/database/database-monitor';
import { EventBus } from '../../platform/events/event-bus';
import { Metrics } from '../../platform/metrics/metrics';
import { DRAINING } from '../../platform/problems/general-problems';
import { Problem } from '../../platform/problems/problem';
import { EventRelay } from '../../platform/servers/event-relay';
import { HostedRooms } from '../../platform/servers/hosted-rooms';

/** An event of a conversation: the message that took the `seq`, or the change that took the `rev`. */
export type Hint =
  | { readonly seq: number; readonly message: MessageView }
  | { readonly rev: number; readonly message: MessageView | undefined };

/** An open stream as the source of events sees it. It calls every method synchronously, in the turn of the event. */
export interface Subscriber {
  readonly userId: string;
  readonly sessionId: string;
  /** The conversations that it subscribes to. */
  readonly conversationIds: Iterable<string>;
  /** When its access token expires, in milliseconds of `Date.now()`. */
  expiresAt: number;
  hear(conversationId: string, hint: Hint): void;
  /** Called when the user was added to a conversation. */
  gained?(conversationId: string): void;
  /** Called when the user lost a conversation. Once this returns, the stream must send nothing of it. */
  lost(conversationId: string): void;
  end(): void;
}

const SWEEP_MS = 2_000;
/** Streams of one person in this process, over all devices. */
const MAX_STREAMS_PER_PERSON = 100;

/**
 * Delivers events to open streams. Like the rooms of sockets, a subscription grants no right, and a stream that notices
 * a gap reads history.
 *
 * A subscriber is added before anything is read from the database for it. So it learns of access that is revoked in
 * between.
 */
@Injectable()
export class Subscriptions implements OnModuleInit, OnApplicationShutdown {
  private readonly subscribers = new Set<Subscriber>();
  private readonly byPerson = new Map<string, Set<Subscriber>>();
  private readonly byConversation = new Map<string, Set<Subscriber>>();
  private sweeper: NodeJS.Timeout | undefined;
  private isEnding = false;

  constructor(
    private readonly events: EventBus,
    private readonly monitor: DatabaseMonitor,
    private readonly configuration: Configuration,
    private readonly relay: EventRelay,
    private readonly hosted: HostedRooms,
    metrics: Metrics,
  ) {
    metrics.gauge('xfchat_streams_open', 'Open Braid subscriptions', () => this.subscribers.size);
  }

  onModuleInit(): void {
    const { events } = this;
    events.on(MessageCreated, ({ message }) =>
      this.tell(message.conversationId, { seq: message.seq, message }),
    );
    events.on(MessageUpdated, ({ message }) =>
      this.tell(message.conversationId, { rev: message.rev, message }),
    );
    events.on(MessageDeleted, ({ message, onlyUserId }) =>
      this.tell(message.conversationId, { rev: message.rev, message }, onlyUserId),
    );
    events.on(ConversationChanged, ({ conversation, rev }) =>
      this.tell(conversation.id, { rev, message: undefined }),
    );
    events.on(ParticipantChanged, ({ conversationId, rev }) =>
      this.tell(conversationId, { rev, message: undefined }),
    );
    events.on(ParticipantLeft, ({ conversationId, rev, participant }) => {
      this.withdraw(conversationId, (subscriber) => subscriber.userId === participant.userId);
      this.tell(conversationId, { rev, message: undefined });
    });
    events.on(ConversationDeleted, ({ conversationId }) => this.withdraw(conversationId, () => true));
    events.on(ConversationAdded, ({ userIds, conversation }) => {
      for (const subscriber of this.subscribers)
        if (userIds.includes(subscriber.userId)) subscriber.gained?.(conversation.id);
    });
    events.on(UserBlocked, ({ userIds, conversationId = '' }) => {
      for (const subscriber of [...(this.byConversation.get(conversationId) ?? [])])
        if (userIds.includes(subscriber.userId)) subscriber.end();
    });
    events.on(SessionEnded, ({ sessionId }) =>
      this.endAll((subscriber) => subscriber.sessionId === sessionId),
    );
    this.relay.onBegunAnew(() => this.endAll(() => true));
    this.sweeper = setInterval(() => this.sweep(), SWEEP_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.sweeper);
  }

  /**
   * Adds a subscriber and ends the person's oldest stream above `MAX_STREAMS_PER_PERSON`. @throws Problem `draining`
   */
  add(subscriber: Subscriber): void {
    if (this.isEnding) throw new Problem(DRAINING);
    this.subscribers.add(subscriber);
    const own = this.byPerson.get(subscriber.userId) ?? new Set();
    this.byPerson.set(subscriber.userId, own.add(subscriber));
    if (this.configuration.RATE_LIMITS === 'off' || own.size <= MAX_STREAMS_PER_PERSON) return;
    const [oldest] = own;
    oldest?.end();
  }

  /** From now on the subscriber gets the events of the conversation. */
  follow(subscriber: Subscriber, conversationId: string): void {
    if (!this.subscribers.has(subscriber)) return;
    const followers = this.byConversation.get(conversationId);
    if (followers) followers.add(subscriber);
    else {
      this.byConversation.set(conversationId, new Set([subscriber]));
      this.hosted.open(conversationRoom(conversationId));
    }
  }

  unfollow(subscriber: Subscriber, conversationId: string): void {
    const followers = this.byConversation.get(conversationId);
    followers?.delete(subscriber);
    if (followers?.size !== 0) return;
    this.byConversation.delete(conversationId);
    this.hosted.close(conversationRoom(conversationId));
  }

  remove(subscriber: Subscriber): void {
    this.subscribers.delete(subscriber);
    const own = this.byPerson.get(subscriber.userId);
    own?.delete(subscriber);
    if (own?.size === 0) this.byPerson.delete(subscriber.userId);
    for (const id of subscriber.conversationIds) this.unfollow(subscriber, id);
  }

  /** Ends every stream and rejects new ones. Readers reconnect to another server, or to this one after its restart. */
  drain(): void {
    this.isEnding = true;
    this.endAll(() => true);
  }

  private tell(conversationId: string, hint: Hint, onlyUserId?: string): void {
    for (const subscriber of [...(this.byConversation.get(conversationId) ?? [])])
      if (onlyUserId === undefined || subscriber.userId === onlyUserId) subscriber.hear(conversationId, hint);
  }

  private withdraw(conversationId: string, isMeant: (subscriber: Subscriber) => boolean): void {
    for (const subscriber of [...this.subscribers]) if (isMeant(subscriber)) subscriber.lost(conversationId);
  }

  private endAll(isMeant: (subscriber: Subscriber) => boolean): void {
    for (const subscriber of [...this.subscribers]) if (isMeant(subscriber)) subscriber.end();
  }

  /**
   * Ends streams whose token expired. While the database is down nobody can refresh a token, so no stream ends (G7), as
   * with sockets.
   */
  private sweep(): void {
    const { isUp, since } = this.monitor.verdict;
    const now = Date.now();
    if (!isUp || now - since < this.configuration.SOCKET_GRACE_AFTER_OUTAGE_MS) return;
    this.endAll((subscriber) => subscriber.expiresAt <= now);
  }
}
