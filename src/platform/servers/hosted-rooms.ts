import { Injectable } from '@nestjs/common';

type Listener = (room: string, isHosted: boolean) => void;

/**
 * The rooms that a socket or Braid stream on this server receives events of. The server ignores other
 * servers' events of all other rooms. A room may have several hosts, and stays hosted until the last one has
 * closed it.
 */
@Injectable()
export class HostedRooms {
  private readonly hosts = new Map<string, number>();
  private readonly listeners: Listener[] = [];

  get size(): number {
    return this.hosts.size;
  }

  has(room: string): boolean {
    return this.hosts.has(room);
  }

  rooms(): Iterable<string> {
    return this.hosts.keys();
  }

  open(room: string): void {
    const count = this.hosts.get(room) ?? 0;
    this.hosts.set(room, count + 1);
    if (count === 0) this.publish(room, true);
  }

  close(room: string): void {
    const count = this.hosts.get(room);
    if (count === undefined) return;
    if (count > 1) this.hosts.set(room, count - 1);
    else {
      this.hosts.delete(room);
      this.publish(room, false);
    }
  }

  /** Called in the turn in which a room becomes hosted, or stops being hosted. */
  onChange(listener: Listener): void {
    this.listeners.push(listener);
  }

  private publish(room: string, isHosted: boolean): void {
    for (const listener of this.listeners) listener(room, isHosted);
  }
}
