import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { uuidv7 } from 'uuidv7';
import { inTransaction, type Announce } from '../../platform/database/transaction';
import {
  NOT_FOUND,
  SESSION_REVOKED,
  TOKEN_EXPIRED,
  UNAUTHENTICATED,
} from '../../platform/problems/general-problems';
import { invalidField, Problem } from '../../platform/problems/problem';
import { readListCursor, writeListCursor } from '../../platform/pagination/list-position';
import { pageOf, type ListQueryDto } from '../../platform/pagination/page';
import { DEFAULT_PAGE_SIZE } from '../../platform/validation/field-rules';
import { Configuration } from '../../platform/configuration/configuration';
import type { Allowance } from '../../platform/rate-limits/token-buckets';
import { RateLimits } from '../../platform/rate-limits/rate-limits';
import { AccessTokens } from './access-tokens';
import { sessionView, type SessionList, type Tokens } from './authentication.dto';
import { lockAccount } from './lock-account';
import { judgeRefresh, REFRESH_EFFECTS } from './refresh-rule';
import { RefreshTokens, type RefreshLink } from './refresh-tokens';
import { Session } from './session.entity';
import { SessionEnded, type SessionEndReason } from './session-ended.event';
import { databaseNow } from '../../platform/database/database-clock';
import { endOtherSessions, endSession, makeRoomForSessions } from './sessions.queries';

/** The device of a new session. */
interface Device {
  readonly name: string | null;
  /** See `FamiliarNetworks`; null when nobody signs in from there. */
  readonly openedFrom: string | null;
}

/** Refreshes, by session. Many tabs and lost replies stay below it. */
const REFRESH: Allowance = { burst: 60, perSecond: 0.2, sharedAs: 'refresh' };

/** Opens, refreshes, lists and ends sessions. All times are those of the database's clock. */
@Injectable()
export class SessionsService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly accessTokens: AccessTokens,
    private readonly refreshTokens: RefreshTokens,
    private readonly configuration: Configuration,
    private readonly rateLimits: RateLimits,
  ) {}

  /**
   * Opens a session of a person whose account the transaction has locked (`lockAccount`) or created. Evicts the
   * person's least recently used session above `MAX_SESSIONS`.
   */
  async open(
    manager: EntityManager,
    userId: string,
    device: Device,
    announce: Announce,
  ): Promise<{ session: Session; tokens: Tokens }> {
    const now = await databaseNow(manager);
    const session = manager.create(Session, {
      id: uuidv7(),
      userId,
      deviceName: device.name,
      openedFrom: device.openedFrom,
      refreshGeneration: 0,
      presentedNonce: null,
      issuedNonce: this.refreshTokens.newNonce(),
      rotatedAt: now,
      createdAt: now,
      lastUsedAt: now,
      expiresAt: this.expiryOf(now, now),
    });
    await manager.insert(Session, session);
    this.announceEnded(await makeRoomForSessions(manager, userId), 'too-many-sessions', announce);
    return { session, tokens: this.tokensOf(session, now) };
  }

  /** @throws Problem `unauthenticated`, `rate-limited`, `token-expired` or `session-revoked` */
  async refresh(token: string): Promise<Tokens> {
    const link = this.refreshTokens.read(token);
    if (!link) throw new Problem(UNAUTHENTICATED);
    this.rateLimits.take(REFRESH, link.sessionId);
    const rotate = async (manager: EntityManager, announce: Announce): Promise<Tokens | Problem> => {
      const known = await manager.findOneBy(Session, { id: link.sessionId });
      if (!known || known.endedAt) return new Problem(SESSION_REVOKED);
      await lockAccount(manager, { userId: known.userId });
      const session = await manager.findOne(Session, {
        where: { id: link.sessionId },
        lock: { mode: 'pessimistic_write' },
      });
      if (!session || session.endedAt) return new Problem(SESSION_REVOKED);
      const now = await databaseNow(manager);
      const { createdAt, lastUsedAt, expiresAt } = session;
      // Limits that were lowered since also apply to this session.
      const limit = Math.min(expiresAt.getTime(), this.expiryOf(createdAt, lastUsedAt).getTime());
      if (limit <= now.getTime()) return new Problem(TOKEN_EXPIRED);
      // A rejection is returned, not thrown: its effect on the session has to be committed.
      return this.advance(manager, session, link, now, announce);
    };
    const answer = await inTransaction(this.dataSource, rotate, { duringMaintenance: true });
    if (answer instanceof Problem) throw answer;
    return answer;
  }

  private async advance(
    manager: EntityManager,
    session: Session,
    link: RefreshLink,
    now: Date,
    announce: Announce,
  ): Promise<Tokens | Problem> {
    const { presents, issues, ends, rejection } = REFRESH_EFFECTS[judgeRefresh(session, link, now)];
    if (ends) {
      await endSession(manager, session.id);
      this.announceEnded([session.id], 'refresh-token-reused', announce);
    }
    if (rejection) return new Problem(rejection);
    if (presents) {
      session.refreshGeneration = link.generation;
      session.presentedNonce = link.nonce;
    }
    if (issues) {
      session.issuedNonce = this.refreshTokens.newNonce();
      session.rotatedAt = now;
      session.lastUsedAt = now;
      session.expiresAt = this.expiryOf(session.createdAt, now);
      await manager.update(Session, session.id, {
        refreshGeneration: session.refreshGeneration,
        presentedNonce: session.presentedNonce,
        issuedNonce: session.issuedNonce,
        rotatedAt: session.rotatedAt,
        lastUsedAt: session.lastUsedAt,
        expiresAt: session.expiresAt,
      });
    }
    return this.tokensOf(session, now);
  }

  /** The most recently used one first. @throws Problem `validation-failed` */
  async list(userId: string, currentId: string, query: ListQueryDto): Promise<SessionList> {
    const { limit = DEFAULT_PAGE_SIZE } = query;
    const last = readListCursor(query.cursor);
    const lastUsedAt = last && new Date(Number(last.position));
    if (lastUsedAt && Number.isNaN(lastUsedAt.getTime()))
      throw invalidField('/query/cursor', 'is not a cursor of this list');
    const found = this.dataSource.manager
      .createQueryBuilder(Session, 's')
      .where('s.userId = :userId and s.endedAt is null and s.expiresAt > now()', { userId })
      .orderBy({ 's.lastUsedAt': 'DESC', 's.id': 'DESC' })
      .limit(limit + 1);
    if (last) found.andWhere('(s.lastUsedAt, s.id) < (:lastUsedAt, :id)', { lastUsedAt, id: last.id });
    const { items, nextCursor } = pageOf(await found.getMany(), limit, (session) =>
      writeListCursor({ position: String(session.lastUsedAt.getTime()), id: session.id }),
    );
    return { items: items.map((session) => sessionView(session, currentId)), nextCursor };
  }

  /**
   * Ends a session of the user; ending it again changes nothing. Its sockets are closed before this resolves, also when
   * it had ended before. @throws Problem `not-found`
   */
  async end(userId: string, sessionId: string, reason: SessionEndReason): Promise<void> {
    await inTransaction(this.dataSource, async (manager, announce) => {
      const isOwn = await manager.existsBy(Session, { id: sessionId, userId });
      if (!isOwn) throw new Problem(NOT_FOUND);
      await endSession(manager, sessionId);
      this.announceEnded([sessionId], reason, announce);
    });
  }

  /** Ends all sessions of a locked account except `keepId`; with null all of them. */
  async endOthers(
    manager: EntityManager,
    userId: string,
    keepId: string | null,
    reason: SessionEndReason,
    announce: Announce,
  ): Promise<void> {
    this.announceEnded(await endOtherSessions(manager, userId, keepId), reason, announce);
  }

  /** Closes the sockets before the caller is answered. */
  private announceEnded(ids: readonly string[], reason: SessionEndReason, announce: Announce): void {
    for (const id of ids) announce(new SessionEnded(id, reason));
  }

  /** The earlier of two ends: the idle limit after the last refresh, and the absolute lifetime. */
  private expiryOf(createdAt: Date, lastUsedAt: Date): Date {
    const { SESSION_IDLE_LIMIT_MS, SESSION_LIFETIME_MS } = this.configuration;
    return new Date(
      Math.min(lastUsedAt.getTime() + SESSION_IDLE_LIMIT_MS, createdAt.getTime() + SESSION_LIFETIME_MS),
    );
  }

  /** The access token never outlives its session. */
  private tokensOf(session: Session, now: Date): Tokens {
    const secondsLeft = Math.ceil((session.expiresAt.getTime() - now.getTime()) / 1_000);
    const expiresIn = Math.min(this.accessTokens.lifetimeSeconds, secondsLeft);
    return {
      accessToken: this.accessTokens.sign(session.userId, session.id, expiresIn),
      refreshToken: this.refreshTokens.issue({
        sessionId: session.id,
        generation: session.refreshGeneration + 1,
        nonce: session.issuedNonce,
      }),
      expiresIn,
    };
  }
}
