import type { OnModuleInit } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { OnGatewayConnection } from '@nestjs/websockets';
import type { Socket } from 'socket.io';
import { Command, Emits } from '../../platform/documents/documented';
import { EventBus } from '../../platform/events/event-bus';
import { Rooms, userRoom } from '../../platform/sockets/rooms';
import {
  MAX_WATCHED,
  ownPresenceSchema,
  presenceSchema,
  presenceSettingsSchema,
  presencesSchema,
  SetPresenceCommandDto,
  WatchPresenceCommandDto,
  type OwnPresenceView,
  type PresencesView,
} from './presence.dto';
import { PresenceSettingsChanged } from './presence.events';
import { PresenceService } from './presence.service';

/** Sends the status of users to the sockets that watch them. */
@WebSocketGateway()
@Emits({
  presence: {
    summary:
      'A user whom this socket watches came online, went offline or is away. Of several changes in a short time, only the last is sent.',
    payload: presenceSchema,
  },
  'presence-settings:updated': {
    summary:
      'The user changed their presence settings on one of their devices. Other users do not get this event.',
    payload: presenceSettingsSchema,
  },
})
export class PresenceGateway implements OnModuleInit, OnGatewayConnection {
  constructor(
    private readonly presence: PresenceService,
    private readonly events: EventBus,
    private readonly rooms: Rooms,
  ) {}

  onModuleInit(): void {
    this.events.on(PresenceSettingsChanged, ({ userId, settings }) =>
      this.rooms.emit(userRoom(userId), 'presence-settings:updated', settings),
    );
  }

  handleConnection(socket: Socket): void {
    if (!socket.connected) return;
    this.presence.connected(socket);
    socket.once('disconnect', () => this.presence.disconnected(socket));
  }

  @SubscribeMessage('presence:set')
  @Command({
    summary: 'Report whether the user is at this device',
    description:
      'A socket is `online` until it reports `away`. A user is online while any of their sockets is online, and away while all of them are away. They go offline two seconds after their last socket closed.',
    answer: ownPresenceSchema,
    problems: [],
    isWrite: false,
  })
  async set(
    @ConnectedSocket() socket: Socket,
    @MessageBody() { status }: SetPresenceCommandDto,
  ): Promise<OwnPresenceView> {
    return this.presence.set(socket, status);
  }

  @SubscribeMessage('presence:watch')
  @Command({
    summary: 'Watch the presence of users',
    description: `Replaces the watch list of the socket, which has at most ${MAX_WATCHED} users; an empty list ends watching. A user sees friends, and people with whom they share a conversation, unless a block stands between them. Everybody else is offline without \`lastSeenAt\`, like a user who was never online.`,
    answer: presencesSchema,
    problems: [],
    isWrite: false,
  })
  async watch(
    @ConnectedSocket() socket: Socket,
    @MessageBody() { userIds }: WatchPresenceCommandDto,
  ): Promise<PresencesView> {
    return this.presence.watch(socket, userIds);
  }
}
