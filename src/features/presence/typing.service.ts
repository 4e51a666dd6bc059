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

/** `typing:start` and `typing:stop`, by person and conversation. A client needs one every few seconds. */
const TYPING: Allowance = { burst: 30, perSecond: 2 };
/** In conversations with more people than this nobody is told who types. */
export const MAX_TOLD_SIZE = 100;
/** Typing ends by itself after this, unless it is said again. */
export const TYPING_MS = 6_000;
/** The same person is told as typing in the same conversation at most this often. */
const REPEAT_MS = 2_000;
/** How long what was read about a person in a conversation is good, while their socket stays in the room. */
const RIGHTS_MS = 60_000;
const MAX_RIGHTS = 20_000;
const SWEEP_MS = 250;

/** What servers tell each other about somebody who types. */
export interface TypingSignal {
  readonly conversationId: string;
  readonly userId: string;
  readonly typing: boolean;
  /** The socket that said so, which is not told. */
  readonly from: string;
}

interface Typist {
  /** When the typing on each socket ends, on the clock of `performance.now()`. */
  readonly sockets: Map<string, number>;
  toldAt: number;
}

/**
 * Who is typing, in memory. A server knows those who type on its own sockets, and tells all servers by signals. The database
 * is asked once a minute for a person and a conversation. In between, the room says who participates: whoever is removed or
 * blocked has left it when that is acknowledged (G6).
 */
@Injectable()
export class TypingService implements OnModuleDestroy {
  /** By conversation, by person. */
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

  /** The socket is gone. */
  disconnected(socket: Socket): void {
    for (const conversationId of [...this.typists.keys()]) this.leave(socket, conversationId);
  }

  /** The person has sent what they typed, or does not participate any more. */
  ended(userId: string, conversationId: string): void {
    const typist = this.typists.get(conversationId)?.get(userId);
    if (typist) this.end(conversationId, userId, [...typist.sockets.keys()].at(-1)!);
  }

  /** What was read about a person, in one conversation or in all, is not so any more. */
  forget(userId: string, conversationId = ''): void {
    const prefix = `${userId} ${conversationId}`;
    for (const key of this.rights.keys()) if (key.startsWith(prefix)) this.rights.delete(key);
    const places = conversationId ? [conversationId] : [...this.typists.keys()];
    for (const place of places) this.ended(userId, place);
  }

  /** @returns whether others may be told @throws Problem */
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
    // The person may have been removed, or the socket may be gone, since the database was read.
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
