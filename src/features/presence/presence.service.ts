import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Socket } from 'socket.io';
import { EventBus } from '../../platform/events/event-bus';
import { RateLimits } from '../../platform/rate-limits/rate-limits';
import type { Allowance } from '../../platform/rate-limits/token-buckets';
import { identityOf } from '../../platform/sockets/socket-identity';
import {
  ConversationAdded,
  ConversationDeleted,
  ParticipantLeft,
} from '../conversations/conversations.events';
import { FriendRemoved, FriendRequestChanged, UserBlocked, UserUnblocked } from '../friends/friends.events';
import { OwnPresence } from './own-presence';
import { PresenceExchange } from './presence-exchange';
import { PresenceSights } from './presence-sights';
import { PresenceDirectory } from './presence-directory';
import { PresenceWatches, type Watched } from './presence-watches';
import type { LiveStatus, OwnPresenceView, PresencesView } from './presence.dto';
import { PresenceSettingsChanged } from './presence.events';

/** `presence:watch`, by user: each command costs one statement over the whole list. */
const WATCH: Allowance = { burst: 30, perSecond: 0.5 };
/** `presence:set`, by user: each command may send an event to every watcher. */
const SET: Allowance = { burst: 60, perSecond: 0.5 };

/**
 * Shows the presence of users to those who may see it. When anything changes that this right depends on, the service
 * asks the database again.
 */
@Injectable()
export class PresenceService implements OnModuleInit {
  constructor(
    private readonly events: EventBus,
    private readonly rateLimits: RateLimits,
    private readonly own: OwnPresence,
    private readonly directory: PresenceDirectory,
    private readonly exchange: PresenceExchange,
    private readonly watches: PresenceWatches,
    private readonly sights: PresenceSights,
  ) {}

  onModuleInit(): void {
    const { events, sights, watches } = this;
    this.exchange.onOffline(({ userId, seenAt }) => watches.seen(userId, seenAt));
    // The silent server may have stored times; the answer of the database has them.
    this.exchange.onSilence((userIds) => {
      const gone = userIds.filter((userId) => this.directory.statusOf(userId) === 'offline');
      sights.askAgain(gone.flatMap((userId) => watches.watching(userId)));
    });
    events.on(UserBlocked, ({ userIds }) => sights.forbid(this.between(userIds)));
    events.on(UserUnblocked, ({ userIds }) => sights.askAgain(this.between(userIds)));
    events.on(FriendRemoved, ({ userIds }) => sights.askAgain(this.between(userIds)));
    events.on(FriendRequestChanged, ({ friendRequest: { status, sender, recipient } }) => {
      if (status === 'accepted') sights.askAgain(this.between([sender.id, recipient.id]));
    });
    events.on(ConversationAdded, ({ userIds }) =>
      sights.askAgain(userIds.flatMap((id) => watches.about(id)).filter(({ through }) => !through)),
    );
    events.on(ParticipantLeft, ({ conversationId, participant: { userId } }) =>
      sights.askAgain(
        watches
          .inConversation(conversationId)
          .filter((watched) => watched.userId === userId || watched.watch.viewerId === userId),
      ),
    );
    events.on(ConversationDeleted, ({ conversationId }) =>
      sights.askAgain(watches.inConversation(conversationId)),
    );
    events.on(PresenceSettingsChanged, ({ userId, settings: { invisible, lastSeen } }) => {
      this.own.settingsChanged(userId, { isInvisible: invisible, hidesLastSeen: lastSeen === 'nobody' });
      watches.mark(watches.about(userId));
      sights.askAgain(watches.watching(userId));
    });
  }

  connected(socket: Socket): void {
    this.own.connected(identityOf(socket).userId, socket.id);
  }

  disconnected(socket: Socket): void {
    this.watches.forget(socket.id);
    this.own.disconnected(identityOf(socket).userId, socket.id);
  }

  /** @throws Problem `rate-limited` */
  set(socket: Socket, status: LiveStatus): OwnPresenceView {
    const { userId } = identityOf(socket);
    this.rateLimits.take(SET, userId);
    this.own.set(userId, socket.id, status);
    return { status };
  }

  /**
   * From now on the socket receives the presence of these users only. Users whom the viewer may not see look as if they
   * had never been online.
   * @throws Problem `rate-limited`
   */
  async watch(socket: Socket, userIds: readonly string[]): Promise<PresencesView> {
    const { userId } = identityOf(socket);
    this.rateLimits.take(WATCH, userId);
    // Users who connected before this command are online in its answer.
    await this.own.settled();
    if (!socket.connected) return { presences: [] };
    const people = this.watches.replace(socket, userId, [...new Set(userIds)], () =>
      this.own.hidesLastSeen(userId),
    );
    try {
      await this.sights.askFirst(people);
    } catch (error) {
      this.watches.forget(socket.id);
      throw error;
    }
    return { presences: people.map((watched) => this.watches.view(watched)) };
  }

  private between([a, b]: readonly [string, string]): Watched[] {
    return [...this.watches.between(a, b), ...this.watches.between(b, a)];
  }
}
