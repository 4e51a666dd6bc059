import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Socket } from 'socket.io';
import { DataSource } from 'typeorm';
import { Problem } from '../../platform/problems/problem';
import { inBackground } from '../../platform/request-context';
import { RateLimits } from '../../platform/rate-limits/rate-limits';
import type { Allowance } from '../../platform/rate-limits/token-buckets';
import { Signals } from '../../platform/servers/signals';
import { identityOf } from '../../platform/sockets/socket-identity';
import { conversationRoom } from '../membership/conversation-room';
import { CONVERSATION_NOT_FOUND } from '../membership/membership.problems';
import { readTypingRights } from './presence.queries';

/** `typing:start` and `typing:stop`, by user and conversation. A client needs one every few seconds. */
const TYPING: Allowance = { burst: 30, perSecond: 2 };
/** In larger conversations, typing is not shown to anybody. */
export const MAX_TOLD_SIZE = 100;
/** Typing ends by itself after this time unless the client repeats it. */
export const TYPING_MS = 6_000;
/** The same user's typing in a conversation is broadcast at most this often. */
const REPEAT_MS = 2_000;
/** How long the rights read for a user and a conversation are valid, while their socket stays in the room. */
const RIGHTS_MS = 60_000;
const MAX_RIGHTS = 20_000;
const SWEEP_MS = 250;

/** The signal by which servers tell each other that a user types. */
export interface TypingSignal {
  readonly conversationId: string;
  readonly userId: string;
  readonly typing: boolean;
  /** The socket that reported it; it does not get the event. */
  readonly from: string;
}

interface Typist {
  /** When the typing on each socket ends, in milliseconds of `performance.now()`. */
  readonly sockets: Map<string, number>;
  toldAt: number;
}

/**
 * Tracks in memory who is typing. A server knows the typists on its own sockets, and sends signals to all servers. It
 * asks the database once a minute for each user and conversation. In between, room membership shows who participates: a
 * removal or block is acknowledged only after the user left the room (G6).
 */
@Injectable()
export class TypingService implements OnModuleDestroy {
  /** By conversation, then by user. */
  private readonly typists = new Map<string, Map<string, Typist>>();
  private readonly rights = new Map<string, { readonly isTold: boolean; readonly until: number }>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly rateLimits: RateLimits,
    private readonly signals: Signals,
  ) {}

  onModuleDestroy(): void {
    clearTimeout(this.timer);
  }

  /** @throws Problem `conversation-not-found`, `rate-limited` */
  async start(socket: Socket, conversationId: string): Promise<void> {
    const { userId } = identityOf(socket);
    if (!(await this.mayTell(socket, conversationId))) return;
    const inConversation = this.typists.get(conversationId) ?? new Map<string, Typist>();
    this.typists.set(conversationId, inConversation);
    const typist = inConversation.get(userId) ?? { sockets: new Map<string, number>(), toldAt: -Infinity };
    inConversation.set(userId, typist);
    const now = performance.now();
    typist.sockets.set(socket.id, now + TYPING_MS);
    this.arm();
    if (now - typist.toldAt < REPEAT_MS) return;
    typist.toldAt = now;
    this.tell({ conversationId, userId, typing: true, from: socket.id });
  }

  /** @throws Problem as `start` */
  async stop(socket: Socket, conversationId: string): Promise<void> {
    await this.mayTell(socket, conversationId);
    this.leave(socket, conversationId);
  }

  /** The socket closed. */
  disconnected(socket: Socket): void {
    for (const conversationId of [...this.typists.keys()]) this.leave(socket, conversationId);
  }

  /** The user sent the message that they typed, or no longer participates. */
  ended(userId: string, conversationId: string): void {
    const typist = this.typists.get(conversationId)?.get(userId);
    if (typist) this.end(conversationId, userId, [...typist.sockets.keys()].at(-1)!);
  }

  /** Drops the rights that were read for a user, in one conversation or in all. */
  forget(userId: string, conversationId = ''): void {
    const prefix = `${userId} ${conversationId}`;
    for (const key of this.rights.keys()) if (key.startsWith(prefix)) this.rights.delete(key);
    const places = conversationId ? [conversationId] : [...this.typists.keys()];
    for (const place of places) this.ended(userId, place);
  }

  /** @returns whether others may see the typing @throws Problem */
  private async mayTell(socket: Socket, conversationId: string): Promise<boolean> {
    const { userId } = identityOf(socket);
    const key = `${userId} ${conversationId}`;
    this.rateLimits.take(TYPING, key);
    const room = conversationRoom(conversationId);
    const known = socket.rooms.has(room) ? this.rights.get(key) : undefined;
    if (known && known.until > performance.now()) return known.isTold;
    const found = await readTypingRights(this.dataSource, { userId, conversationId, limit: MAX_TOLD_SIZE });
    if (!found) throw new Problem(CONVERSATION_NOT_FOUND);
    const isTold = found.size <= MAX_TOLD_SIZE && !found.isBlocked && !found.isInvisible;
    if (this.rights.size >= MAX_RIGHTS) this.rights.clear();
    this.rights.set(key, { isTold, until: performance.now() + RIGHTS_MS });
    // While the database was read, the user may have been removed, or the socket may have closed.
    return isTold && socket.rooms.has(room);
  }

  private leave(socket: Socket, conversationId: string): void {
    const { userId } = identityOf(socket);
    const typist = this.typists.get(conversationId)?.get(userId);
    if (typist?.sockets.delete(socket.id) && typist.sockets.size === 0)
      this.end(conversationId, userId, socket.id);
  }

  private end(conversationId: string, userId: string, from: string): void {
    const inConversation = this.typists.get(conversationId);
    inConversation?.delete(userId);
    if (inConversation?.size === 0) this.typists.delete(conversationId);
    this.tell({ conversationId, userId, typing: false, from });
  }

  private tell(signal: TypingSignal): void {
    this.signals.publish('typing', conversationRoom(signal.conversationId), signal);
  }

  private arm(): void {
    this.timer ??= inBackground(() => setTimeout(() => this.sweep(), SWEEP_MS)).unref();
  }

  private sweep(): void {
    this.timer = undefined;
    const now = performance.now();
    for (const [conversationId, inConversation] of this.typists)
      for (const [userId, { sockets }] of inConversation)
        for (const [socketId, endsAt] of sockets)
          if (endsAt <= now) {
            sockets.delete(socketId);
            if (sockets.size === 0) this.end(conversationId, userId, socketId);
          }
    if (this.typists.size > 0) this.arm();
  }
}
