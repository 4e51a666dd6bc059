import type { Socket } from 'socket.io';
import type { TraceParent } from '../tracing/span';
import type { SocketIdentity } from './socket-identity';
import { SOCKET, type SocketEffect, type SocketState, type SocketTrigger } from './socket-states';

/**
 * State of a socket between its authentication and its entry into the rooms. Its rights may change in between. The
 * changes are stored here, because the socket is in no room yet.
 */
export interface Arrival {
  /** By room: whether the user receives its events since the last change. */
  readonly changes: Map<string, boolean>;
  /** The listener for the end of the connection. */
  readonly onGone: () => void;
  /** Read from the database. */
  entry?: { conversationIds: string[]; epoch: number };
}

/** `data` of each socket. */
export interface SocketLife {
  state: SocketState;
  readonly socket: Socket;
  /** Set once the token was checked. */
  identity?: SocketIdentity;
  /** Set while the socket is verifying, admitted or ended. */
  arrival?: Arrival | undefined;
  /** Only of sockets that sent one. */
  traceParent?: TraceParent;
}

/** The data that a trigger carries. */
interface Cause {
  readonly identity?: SocketIdentity;
  readonly room?: string;
  /** The payload of the event that the socket gets. */
  readonly payload?: object;
  readonly expiresAt?: number;
  /** Lets the socket enter. */
  readonly enter?: (arrival: Arrival) => void;
}

export const lifeOf = (socket: Socket): SocketLife => socket.data as SocketLife;

/**
 * The rooms that a new socket enters.
 * @param read the rooms from the database, read after the first change was held
 */
export function roomsOf({ changes }: Arrival, read: readonly string[]): string[] {
  const granted = [...changes.keys()].filter((room) => changes.get(room));
  return [...new Set([...read, ...granted])].filter((room) => changes.get(room) !== false);
}

/** Moves each socket through the states of the table in `socket-states.ts`. */
export class SocketMachine {
  /** @param arrivals the sockets that have an arrival */
  constructor(private readonly arrivals: Set<SocketLife>) {}

  handle(life: SocketLife, trigger: SocketTrigger, cause: Cause = {}): void {
    this.effects[SOCKET[life.state][trigger]](life, cause, trigger);
  }

  private readonly effects = {
    admitted: (life) => (life.state = 'admitted'),
    ended: (life) => (life.state = 'ended'),
    closed: (life) => (life.state = 'closed'),
    verify: (life, { identity }) => {
      life.state = 'verifying';
      life.identity = identity!;
      const onGone = (): void => this.handle(life, 'gone');
      life.arrival = { changes: new Map(), onGone };
      this.arrivals.add(life);
      life.socket.conn.once('close', onGone);
    },
    hold: ({ arrival }, { room }, trigger) => arrival!.changes.set(room!, trigger === 'room-granted'),
    forget: (life) => {
      life.state = 'closed';
      this.settle(life);
    },
    enter: (life, { enter }) => {
      const arrival = this.settle(life);
      life.state = 'open';
      enter!(arrival);
    },
    join: ({ socket }, { room }) => void socket.join(room!),
    leave: ({ socket }, { room }) => void socket.leave(room!),
    revoke: (life, { payload = { reason: 'ended-elsewhere' } }) => {
      if (life.arrival) this.settle(life);
      this.end(life, 'session:revoked', payload);
    },
    expire: (life) => this.end(life, 'session:expired', { reason: 'token-expired' }),
    extend: ({ identity }, { expiresAt }) => (identity!.expiresAt = expiresAt!),
    announce: ({ socket }, { payload }) => void socket.emit('server:draining', payload),
    break: (life) => {
      life.state = 'closing';
      life.socket.conn.close();
    },
    disconnect: (life) => {
      if (life.arrival) this.settle(life);
      this.disconnect(life);
    },
    stay: () => undefined,
    never: () => undefined,
  } satisfies Record<SocketEffect, (life: SocketLife, cause: Cause, trigger: SocketTrigger) => void>;

  private settle(life: SocketLife): Arrival {
    const arrival = life.arrival!;
    this.arrivals.delete(life);
    life.socket.conn.off('close', arrival.onGone);
    life.arrival = undefined;
    return arrival;
  }

  private end(life: SocketLife, event: string, payload: object): void {
    life.socket.emit(event, payload);
    this.disconnect(life);
  }

  private disconnect(life: SocketLife): void {
    life.socket.disconnect(true);
    life.state = 'closed';
  }
}
