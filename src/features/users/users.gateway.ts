import type { OnModuleInit } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import { Emits } from '../../platform/documents/documented';
import { EventBus } from '../../platform/events/event-bus';
import { Rooms, userRoom } from '../../platform/sockets/rooms';
import { ownUserSchema } from './users.dto';
import { ProfileChanged } from './users.events';

/** Tells the devices of a person what one of them has changed. */
@WebSocketGateway()
@Emits({
  'user:updated': {
    summary: 'One has changed one’s profile, on one of one’s devices. Others are not told.',
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
