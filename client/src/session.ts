import type { Api } from './api.ts';
import { Backoff, type BackoffOptions } from './backoff.ts';
import type { OwnUser, SignedIn, Tokens } from './types.ts';
import { Emitter } from './emitter.ts';
import { toError, XFChatError } from './problem.ts';
import type { OwnedStorage } from './owned-storage.ts';
import { callBy, type Call } from './routes.ts';

/** Where the session is stored. */
export const SESSION_KEY = 'session';
/** The access token is renewed this long before it runs out, or at four fifths of a short life. */
const RENEW_BEFORE_MS = 60_000;
/** Timers run no longer. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** What only the server itself says of a refresh token; a 401 of something in between is no reason to sign out. */
const OVER = new Set(['session-revoked', 'token-expired', 'unauthenticated']);

export interface StoredSession {
  readonly user: OwnUser;
  /** Absent in what an earlier release has stored. */
  readonly sessionId?: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** In milliseconds of `Date.now()`. */
  readonly renewAt: number;
}

interface SessionEvents {
  /** There is a new access token. */
  refreshed: string;
  /** The server has ended the session; `code` is its reason. */
  over: { readonly code: string; readonly ended: StoredSession };
}

/** The part of the storage that a session needs. */
export type SessionStorage = Pick<OwnedStorage, 'get' | 'replace'>;

/** The signed-in device: keeps its tokens fresh, and ends only when the server says so. */
export class Session extends Emitter<SessionEvents> {
  /**
   * Grows whenever another session, or none, takes the place of the present one. What waits for an answer remembers it
   * and checks it by `demand` afterwards: so no late answer is taken for another session's.
   */
  generation = 0;
  private current: StoredSession | undefined;
  private refreshing: Promise<string> | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isActive = false;
  private readonly backoff: Backoff;

  constructor(
    private readonly api: Api,
    private readonly storage: SessionStorage,
    backoff: BackoffOptions,
  ) {
    super();
    this.backoff = new Backoff(backoff);
  }

  get user(): OwnUser | undefined {
    return this.current?.user;
  }

  /** Takes up the session of an earlier run, if there is one. */
  async restore(): Promise<OwnUser | undefined> {
    if (this.current) return this.user;
    const { generation } = this;
    const stored = (await this.storage.get(SESSION_KEY)) as StoredSession | undefined;
    if (stored && generation === this.generation) this.replaceBy(stored);
    return this.user;
  }

  /** Begins with the answer to signing up or in. */
  async begin({ user, session, ...tokens }: SignedIn): Promise<void> {
    const begun = sessionOf(user, session.id, tokens);
    this.replaceBy(begun);
    this.schedule();
    await this.storage.replace(SESSION_KEY, begun, () => true);
  }

  /**
   * Forgets the session at once, in memory only.
   * @returns the session that there was
   */
  drop(): StoredSession | undefined {
    const { current } = this;
    this.replaceBy(undefined);
    clearTimeout(this.timer);
    return current;
  }

  /** Tells the server that a session is over, if it can be reached. */
  async logOut({ accessToken }: StoredSession): Promise<void> {
    const call = callBy((...request) => this.api.request(...request, accessToken));
    await call('POST /auth/logout').catch(() => undefined);
  }

  /** Renews the token without being asked, from now on. */
  start(): void {
    this.isActive = true;
    this.schedule();
  }

  stop(): void {
    this.isActive = false;
    clearTimeout(this.timer);
  }

  /** A token that will do for a while. While the server cannot be asked for a new one, the old one is tried. */
  async accessToken(): Promise<string> {
    const { generation } = this;
    const current = this.demand();
    if (Date.now() < current.renewAt) return current.accessToken;
    const token = await this.refresh().catch((error: unknown) => {
      if (!['again', 'a-few'].includes(toError(error).handling)) throw error;
      return current.accessToken;
    });
    this.demand(generation);
    return token;
  }

  /** Asks as the present user. */
  readonly call = callBy((...request) => this.request(...request));

  /** Asks as the present user, and never as the next one. */
  get callOfUser(): Call {
    const { generation } = this;
    return callBy(async (...request) => {
      this.demand(generation);
      return this.request(...request);
    });
  }

  /**
   * A request as this user; a token that has run out is renewed and the request repeated once.
   * @throws XFChatError `signed-out` also when the session ends before the answer comes: it is nobody's any more
   */
  async request<T>(method: string, path: string, body?: unknown): Promise<T> {
    const { generation } = this;
    const token = await this.accessToken();
    const attempt = async (accessToken: string): Promise<T> => {
      const answer = this.api.request<T>(method, path, body, accessToken);
      await answer.catch(() => undefined);
      this.demand(generation);
      return answer;
    };
    try {
      return await attempt(token);
    } catch (error) {
      if (!(await this.recover(error, generation, token))) throw error;
      return attempt(this.demand(generation).accessToken);
    }
  }

  /**
   * What a refusal means for the session.
   * @param generation of the session that was refused; a later one is not touched
   * @param token the one that was refused
   * @returns whether there is a new token to try again with
   */
  async recover(error: unknown, generation: number, token = this.current?.accessToken): Promise<boolean> {
    const { handling, code } = toError(error);
    if (generation !== this.generation) return false;
    if (handling === 'sign-in') this.over(code);
    if (handling !== 'refresh' || !this.current) return false;
    if (this.current.accessToken === token) await this.refresh();
    return generation === this.generation;
  }

  /** Gets a new pair of tokens; those who ask meanwhile get the same. */
  refresh(): Promise<string> {
    if (this.refreshing) return this.refreshing;
    const refreshing = this.renew().finally(() => {
      if (this.refreshing === refreshing) this.refreshing = undefined;
    });
    return (this.refreshing = refreshing);
  }

  /**
   * The server has ended the session.
   * @param sessionId the one that was ended, where that is known: another one may have taken its place
   */
  over(code: string, sessionId = this.current?.sessionId): void {
    if (!this.current) return;
    const own = this.current.sessionId;
    if (own === undefined || own === sessionId) this.emit('over', { code, ended: this.drop()! });
  }

  /** @throws XFChatError `signed-out` when there is no session, or not the one of this generation any more */
  demand(generation = this.generation): StoredSession {
    if (!this.current || generation !== this.generation) throw XFChatError.signedOut();
    return this.current;
  }

  private async renew(): Promise<string> {
    const { generation } = this;
    const before = await this.newest();
    this.demand(generation);
    if (before !== this.current) {
      this.current = before;
      this.emit('refreshed', before.accessToken);
      if (Date.now() < before.renewAt) return before.accessToken;
    }
    const { refreshToken, user, sessionId } = before;
    try {
      const tokens = await this.api.call('POST /auth/refresh', { body: { refreshToken } });
      this.demand(generation);
      const renewed = sessionOf(user, sessionId, tokens);
      // Kept before it is used: once the new pair was used, the old one is taken for a stolen one.
      const allows = (stored: unknown): boolean => isAbsentOrSame(stored, before);
      await this.storage.replace(SESSION_KEY, renewed, allows);
      this.demand(generation);
      this.current = renewed;
      this.schedule();
      this.backoff.reset();
      this.emit('refreshed', tokens.accessToken);
      return tokens.accessToken;
    } catch (error) {
      const { code } = toError(error);
      // No answer, or any 503, never ends a session.
      if (OVER.has(code) && generation === this.generation) this.over(code);
      throw error;
    }
  }

  /** Another tab that shares the storage may have been first; then its pair is the one to go on from. */
  private async newest(): Promise<StoredSession> {
    const current = this.demand();
    const stored = (await this.storage.get(SESSION_KEY)) as StoredSession | undefined;
    const isOther = stored?.user.id === current.user.id && stored.refreshToken !== current.refreshToken;
    return isOther ? stored : current;
  }

  private replaceBy(next: StoredSession | undefined): void {
    this.current = next;
    this.refreshing = undefined;
    this.generation++;
  }

  private schedule(pauseMs?: number): void {
    clearTimeout(this.timer);
    if (!this.current || !this.isActive) return;
    const untilRenewal = Math.min(MAX_TIMER_MS, Math.max(0, this.current.renewAt - Date.now()));
    this.timer = setTimeout(() => {
      this.refresh().then(
        () => this.schedule(),
        (error: unknown) => this.schedule(this.backoff.next(toError(error).retryAfterMs)),
      );
    }, pauseMs ?? untilRenewal);
  }
}

function sessionOf(
  user: OwnUser,
  sessionId: string | undefined,
  { accessToken, refreshToken, expiresIn }: Tokens,
): StoredSession {
  const lifeMs = expiresIn * 1_000;
  const renewAt = Date.now() + Math.max(lifeMs - RENEW_BEFORE_MS, lifeMs * 0.8);
  return { user, ...(sessionId && { sessionId }), accessToken, refreshToken, renewAt };
}

/** Whether a stored value is this session, perhaps with tokens that another tab has renewed, or none. */
export function isAbsentOrSame(stored: unknown, session: StoredSession): boolean {
  if (stored === undefined) return true;
  const { sessionId, refreshToken } = stored as StoredSession;
  return (
    refreshToken === session.refreshToken || (sessionId !== undefined && sessionId === session.sessionId)
  );
}
