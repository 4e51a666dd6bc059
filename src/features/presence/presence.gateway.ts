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

/** Who is there: live, for those who watch. */
@WebSocketGateway()
@Emits({
  presence: {
    summary:
      'Somebody whom this socket watches has come, has gone, or is away. Of several changes in a short time the last is told.',
    payload: presenceSchema,
  },
  'presence-settings:updated': {
    summary:
      'One has changed what others see of one’s presence, on one of one’s devices. Others are not told.',
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
    summary: 'Say whether somebody is at this device',
    description:
      'A socket is `online` until it says that it is `away`. A person is online while any of their sockets is, away while all of them are, and offline two seconds after the last one has gone.',
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
    summary: 'Watch who is there',
    description: `Replaces the list of the socket, of at most ${MAX_WATCHED} people; an empty one ends it. Friends and people with a conversation in common may be seen, unless a block stands between them. Everybody else is offline without \`lastSeenAt\`, like somebody who was never there.`,
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
