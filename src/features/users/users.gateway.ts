import type { OnModuleInit } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import { Emits } from '../../platform/documents/documented';
import { EventBus } from '../../platform/events/event-bus';
import { Rooms, userRoom } from '../../platform/sockets/rooms';
import { ownUserSchema } from './users.dto';
import { ProfileChanged } from './users.events';

/** Sends a change of the profile to all devices of the person. */
@WebSocketGateway()
@Emits({
  'user:updated': {
    summary: 'The user changed their profile on one of their devices. Other users do not get this event.',
    payload: ownUserSchema,
  },
})
export class UsersGateway implements OnModuleInit {
  constructor(
    private readonly events: EventBus,
    private readonly rooms: Rooms,
  ) {}

  onModuleInit(): void {
    this.events.on(ProfileChanged, ({ user }) => this.rooms.emit(userRoom(user.id), 'user:updated', user));
  }
}
