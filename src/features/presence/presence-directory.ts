import { Injectable } from '@nestjs/common';
import type { LiveStatus, PresenceStatus } from './presence.dto';

type Listener = (userId: string) => void;

/**
 * The status of users, from what each server reports about its own sockets. All of it is soft state: what a server does
 * not renew disappears.
 */
@Injectable()
export class PresenceDirectory {
  private readonly servers = new Map<string, Map<string, LiveStatus>>();
  private readonly listeners: Listener[] = [];

  /** The listener runs whenever a server's report about a user may have changed. */
  onChange(listener: Listener): void {
    this.listeners.push(listener);
  }

  /** Online if any device is online; away if all connected devices are away. */
  statusOf(userId: string): PresenceStatus {
    let status: PresenceStatus = 'offline';
    for (const people of this.servers.values()) {
      const here = people.get(userId);
      if (here === 'online') return here;
      status = here ?? status;
    }
    return status;
  }

  /** The status of a user, as one server reports it. */
  saidBy(serverId: string, userId: string): PresenceStatus {
    return this.servers.get(serverId)?.get(userId) ?? 'offline';
  }

  peopleOf(serverId: string): string[] {
    return [...(this.servers.get(serverId)?.keys() ?? [])];
  }

  set(serverId: string, userId: string, status: PresenceStatus): void {
    const people = this.servers.get(serverId) ?? new Map<string, LiveStatus>();
    if (status === 'offline') people.delete(userId);
    else people.set(userId, status);
    if (people.size > 0) this.servers.set(serverId, people);
    else this.servers.delete(serverId);
    for (const listener of this.listeners) listener(userId);
  }
}
