import { Injectable } from '@nestjs/common';
import type { Server } from 'socket.io';
import { Metrics } from '../metrics/metrics';
import { HostedRooms } from '../servers/hosted-rooms';

export const userRoom = (userId: string): string => `user:${userId}`;
export const sessionRoom = (sessionId: string): string => `session:${sessionId}`;

/** Socket.IO gives each socket a room of its own, named by its id, which has no colon. */
const isOurs = (room: string): boolean => room.includes(':');

/**
 * A socket between its authentication and joining the rooms. Its rights may change in between. The changes are recorded
 * here, because no room holds the socket yet.
 */
export interface Arrival {
  readonly userId: string;
  readonly sessionId: string;
  /** By room: whether the user receives it since the last change. */
  readonly changes: Map<string, boolean>;
  ended: boolean;
}

/** The rooms that an arriving socket enters. @param read those that were read for it, after it was announced */
export function roomsOf({ changes }: Arrival, read: readonly string[]): string[] {
  const granted = [...changes.keys()].filter((room) => changes.get(room));
  return [...new Set([...read, ...granted])].filter((room) => changes.get(room) !== false);
}

/** The rooms of sockets, for live delivery only: they grant no right, and history does not depend on them. */
@Injectable()
export class Rooms {
  private server: Server | undefined;
  private readonly arrivals = new Set<Arrival>();

  constructor(
    metrics: Metrics,
    private readonly hosted: HostedRooms,
  ) {
    metrics.gauge('xfchat_rooms', 'Rooms with somebody in them', () => {
      // Socket.IO gives each socket a room of its own, which is none of ours.
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

  /** Must be called before the entitlements of an arriving socket are read from the database. */
  announce(userId: string, sessionId: string): Arrival {
    const arrival: Arrival = { userId, sessionId, changes: new Map(), ended: false };
    this.arrivals.add(arrival);
    return arrival;
  }

  settle(arrival: Arrival): void {
    this.arrivals.delete(arrival);
  }

  emit(room: string, event: string, payload: object): void {
    this.server?.to(room).emit(event, payload);
  }

  /** Emits to everybody in a room but one socket, which may be on another server. */
  emitToOthers(room: string, socketId: string, event: string, payload: object): void {
    this.server?.to(room).except(socketId).emit(event, payload);
  }

  /** All sockets of a user enter a room, those that are arriving included. Later ones find it in the database. */
  join(userId: string, room: string): void {
    for (const arrival of this.arrivals) if (arrival.userId === userId) arrival.changes.set(room, true);
    this.server?.in(userRoom(userId)).socketsJoin(room);
  }

  /** After this returns, no socket of the user in this process receives events of the room. */
  leave(userId: string, room: string): void {
    for (const arrival of this.arrivals) if (arrival.userId === userId) arrival.changes.set(room, false);
    this.server?.in(userRoom(userId)).socketsLeave(room);
  }

  /** Everybody leaves. */
  close(room: string): void {
    for (const arrival of this.arrivals) arrival.changes.set(room, false);
    this.server?.in(room).socketsLeave(room);
  }

  /** Emits a last event to the sockets of a session and closes them. */
  endSession(sessionId: string, event: string, payload: object): void {
    for (const arrival of this.arrivals) if (arrival.sessionId === sessionId) arrival.ended = true;
    const room = sessionRoom(sessionId);
    this.emit(room, event, payload);
    this.server?.in(room).disconnectSockets(true);
  }
}
