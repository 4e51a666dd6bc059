import { Injectable } from '@nestjs/common';
import type { Server } from 'socket.io';
import { Metrics } from '../metrics/metrics';
import { HostedRooms } from '../servers/hosted-rooms';
import { lifeOf, SocketMachine, type SocketLife } from './socket-machine';

export const userRoom = (userId: string): string => `user:${userId}`;
export const sessionRoom = (sessionId: string): string => `session:${sessionId}`;

/** Socket.IO gives each socket a room of its own, named by its id, which has no colon. */
const isOurs = (room: string): boolean => room.includes(':');

/** The rooms of sockets, for live delivery only: they grant no right, and history does not depend on them. */
@Injectable()
export class Rooms {
  private server: Server | undefined;
  /** Authenticated sockets that are not in their rooms yet. */
  private readonly arrivals = new Set<SocketLife>();
  readonly machine = new SocketMachine(this.arrivals);

  constructor(
    metrics: Metrics,
    private readonly hosted: HostedRooms,
  ) {
    metrics.gauge('xfchat_rooms', 'Rooms with somebody in them', () => {
      // Skip the room that Socket.IO gives each socket.
      const { rooms, sids } = this.server?.sockets.adapter ?? {};
      return (rooms?.size ?? 0) - (sids?.size ?? 0);
    });
  }

  attach(server: Server): void {
    this.server = server;
    const { adapter } = server.sockets;
    adapter.on('create-room', (room: string) => {
      if (isOurs(room)) this.hosted.open(room);
    });
    adapter.on('delete-room', (room: string) => {
      if (isOurs(room)) this.hosted.close(room);
    });
  }

  emit(room: string, event: string, payload: object): void {
    this.server?.to(room).emit(event, payload);
  }

  /** Emits to all sockets of a room except one, which may be on another server. */
  emitToOthers(room: string, socketId: string, event: string, payload: object): void {
    this.server?.to(room).except(socketId).emit(event, payload);
  }

  /**
   * All sockets of a user enter a room, including those that are not in their rooms yet. Later sockets read it from
   * the database.
   */
  join(userId: string, room: string): void {
    for (const life of this.arrivals)
      if (life.identity!.userId === userId) this.machine.handle(life, 'room-granted', { room });
    for (const life of this.livesIn(userRoom(userId))) this.machine.handle(life, 'room-granted', { room });
  }

  /** After this returns, no socket of the user in this process receives events of the room. */
  leave(userId: string, room: string): void {
    for (const life of this.arrivals)
      if (life.identity!.userId === userId) this.machine.handle(life, 'room-revoked', { room });
    for (const life of this.livesIn(userRoom(userId))) this.machine.handle(life, 'room-revoked', { room });
  }

  /** All sockets leave the room. */
  close(room: string): void {
    for (const life of this.arrivals) this.machine.handle(life, 'room-revoked', { room });
    for (const life of this.livesIn(room)) this.machine.handle(life, 'room-revoked', { room });
  }

  /** Closes the sockets of a session. Open sockets get a last event before that. */
  endSession(sessionId: string, payload: object): void {
    for (const life of this.arrivals)
      if (life.identity!.sessionId === sessionId) this.machine.handle(life, 'session-ended');
    for (const life of this.livesIn(sessionRoom(sessionId)))
      this.machine.handle(life, 'session-ended', { payload });
  }

  /** The sockets in a room, oldest first. */
  livesIn(room: string): SocketLife[] {
    const { adapter, sockets } = this.server?.sockets ?? {};
    return [...(adapter?.rooms.get(room) ?? [])].flatMap((id) => {
      const socket = sockets?.get(id);
      return socket ? [lifeOf(socket)] : [];
    });
  }

  /** All open sockets of this process. */
  lives(): SocketLife[] {
    return [...(this.server?.sockets.sockets.values() ?? [])].map(lifeOf);
  }
}
