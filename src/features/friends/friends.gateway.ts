import type { OnModuleInit } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import { Emits } from '../../platform/documents/documented';
import { id, record } from '../../platform/documents/schema';
import { EventBus } from '../../platform/events/event-bus';
import { Rooms, userRoom } from '../../platform/sockets/rooms';
import { conversationRoom } from '../membership/conversation-room';
import { friendRequestSchema, type FriendRequestView } from './friends.dto';
import { FriendRemoved, FriendRequestChanged, UserBlocked, UserUnblocked } from './friends.events';

const EVENT_BY_STATUS: Record<FriendRequestView['status'], string> = {
  pending: 'friend-request:created',
  accepted: 'friend-request:accepted',
  declined: 'friend-request:declined',
  cancelled: 'friend-request:cancelled',
};

/** Sends events of requests and friendships to all devices of both people. */
@WebSocketGateway()
@Emits({
  'friend-request:created': {
    summary: 'A friend request was made; both people get the event.',
    payload: friendRequestSchema,
  },
  'friend-request:accepted': { summary: 'A friend request was accepted.', payload: friendRequestSchema },
  'friend-request:declined': { summary: 'A friend request was declined.', payload: friendRequestSchema },
  'friend-request:cancelled': {
    summary: 'The sender cancelled a friend request.',
    payload: friendRequestSchema,
  },
  'friend:removed': {
    summary: 'A friendship has ended.',
    payload: record('FriendRemovedEvent', { userId: id() }),
  },
})
export class FriendsGateway implements OnModuleInit {
  constructor(
    private readonly events: EventBus,
    private readonly rooms: Rooms,
  ) {}

  onModuleInit(): void {
    this.events.on(FriendRequestChanged, ({ friendRequest }) => {
      for (const { id } of [friendRequest.sender, friendRequest.recipient]) {
        this.rooms.emit(userRoom(id), EVENT_BY_STATUS[friendRequest.status], friendRequest);
      }
    });
    this.events.on(FriendRemoved, ({ userIds: [a, b] }) => {
      this.rooms.emit(userRoom(a), 'friend:removed', { userId: b });
      this.rooms.emit(userRoom(b), 'friend:removed', { userId: a });
    });
    // Both leave the room before the block is acknowledged: no later event may reach the other person (G6).
    this.events.on(UserBlocked, ({ userIds, conversationId }) => {
      if (conversationId !== undefined)
        for (const userId of userIds) this.rooms.leave(userId, conversationRoom(conversationId));
    });
    this.events.on(UserUnblocked, ({ userIds, conversationId }) => {
      if (conversationId !== undefined)
        for (const userId of userIds) this.rooms.join(userId, conversationRoom(conversationId));
    });
  }
}
