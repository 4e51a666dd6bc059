import type { Api } from './api.ts';
import { Backoff, type BackoffOptions } from './backoff.ts';
import type { OwnUser, SignedIn, Tokens } from './types.ts';
import { Emitter } from './emitter.ts';
import { toError, XFChatError } from './problem.ts';
import type { OwnedStorage } from './owned-storage.ts';
import { callBy, type Call } from './routes.ts';

/** The key of the session in the storage. */
export const SESSION_KEY = 'session';
/** An access token is renewed so many milliseconds before it expires. A short-lived one is renewed after 80 % of its life. */
const RENEW_BEFORE_MS = 60_000;
/** The longest timer that the platform allows, in milliseconds. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The problems of a refresh token that end a session. A 401 of a proxy has none of these codes, and ends nothing. */
const OVER = new Set(['session-revoked', 'token-expired', 'unauthenticated']);

export interface StoredSession {
  readonly user: OwnUser;
  /** Absent if an earlier release has stored the session. */
  readonly sessionId?: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** The time of the next renewal, in milliseconds of `Date.now()`. */
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

/** The session of this device. It renews its tokens, and only the server or the user ends it. */
export class Session extends Emitter<SessionEvents> {
  /**
   * Increases whenever the session is replaced or dropped. A caller that waits for an answer remembers it and passes it to
   * `demand` afterwards. So a late answer never counts for another session.
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

  /** Loads the session of an earlier run, if the storage has one. */
  async restore(): Promise<OwnUser | undefined> {
    if (this.current) return this.user;
    const { generation } = this;
    const stored = (await this.storage.get(SESSION_KEY)) as StoredSession | undefined;
    if (stored && generation === this.generation) this.replaceBy(stored);
    return this.user;
  }

  /** Begins a session with the answer to signing up or signing in, and stores it. */
  async begin({ user, session, ...tokens }: SignedIn): Promise<void> {
    const begun = sessionOf(user, session.id, tokens);
    this.replaceBy(begun);
    this.schedule();
    await this.storage.replace(SESSION_KEY, begun, () => true);
  }

  /**
   * Drops the session in memory. The storage is not touched.
   * @returns the dropped session, if there was one
   */
  drop(): StoredSession | undefined {
    const { current } = this;
    this.replaceBy(undefined);
    clearTimeout(this.timer);
    return current;
  }

  /** Ends a session on the server. A failure is ignored. */
  async logOut({ accessToken }: StoredSession): Promise<void> {
    const call = callBy((...request) => this.api.request(...request, accessToken));
    await call('POST /auth/logout').catch(() => undefined);
  }

  /** From now on, renews the token by a timer before it expires. */
  start(): void {
    this.isActive = true;
    this.schedule();
  }

  stop(): void {
    this.isActive = false;
    clearTimeout(this.timer);
  }

  /** An access token that is valid for a while. If the server cannot be reached for a new one, returns the old one. */
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

  /** Sends a request as the current user. */
  readonly call = callBy((...request) => this.request(...request));

  /** Sends requests as the user who is signed in now. Once the session has been replaced, they reject with `signed-out`. */
  get callOfUser(): Call {
    const { generation } = this;
    return callBy(async (...request) => {
      this.demand(generation);
      return this.request(...request);
    });
  }

  /**
   * Sends a request as this user. If the token has expired, it is renewed and the request is repeated once.
   * @throws XFChatError the server's problem, or `signed-out`, also when the session ends before the answer arrives
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
   * Decides whether a problem ends the session or needs a new token.
   * @param generation the generation of the session that was rejected; a later session is not touched
   * @param token the access token that was rejected
   * @returns whether there is a new token for another attempt
   */
  async recover(error: unknown, generation: number, token = this.current?.accessToken): Promise<boolean> {
    const { handling, code } = toError(error);
    if (generation !== this.generation) return false;
    if (handling === 'sign-in') this.over(code);
    if (handling !== 'refresh' || !this.current) return false;
    if (this.current.accessToken === token) await this.refresh();
    return generation === this.generation;
  }

  /** Gets a new pair of tokens. Concurrent callers share one request. */
  refresh(): Promise<string> {
    if (this.refreshing) return this.refreshing;
    const refreshing = this.renew().finally(() => {
      if (this.refreshing === refreshing) this.refreshing = undefined;
    });
    return (this.refreshing = refreshing);
  }

  /**
   * Drops the session, because the server has ended it.
   * @param sessionId the session that was ended, if known. Another one may have replaced it meanwhile, and stays.
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
      // Stored before it is used: once the new pair was used, the server takes the old one for a stolen one.
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
      // A lost answer or a 503 never ends a session.
      if (OVER.has(code) && generation === this.generation) this.over(code);
      throw error;
    }
  }

  /** The newest pair of tokens. Another tab that shares the storage may have renewed them already. */
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

/** Whether a stored value is absent or is this session, maybe with tokens that another tab has renewed. */
export function isAbsentOrSame(stored: unknown, session: StoredSession): boolean {
  if (stored === undefined) return true;
  const { sessionId, refreshToken } = stored as StoredSession;
  return (
    refreshToken === session.refreshToken || (sessionId !== undefined && sessionId === session.sessionId)
  );
}
