import type { Api } from './api.ts';
import { Backoff, type BackoffOptions } from './backoff.ts';
import type { OwnUser, SignedIn, Tokens } from './contract.ts';
import { Emitter } from './emitter.ts';
import { toError, XFChatError } from './problem.ts';
import type { ClientStorage } from './storage.ts';

const KEY = 'session';
/** The access token is renewed this long before it runs out, or at four fifths of a short life. */
const RENEW_BEFORE_MS = 60_000;
/** Timers run no longer. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** What only the server itself says of a refresh token; a 401 of something in between is no reason to sign out. */
const OVER = new Set(['session-revoked', 'token-expired', 'unauthenticated']);

interface StoredSession {
  readonly user: OwnUser;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** In milliseconds of `Date.now()`. */
  readonly renewAt: number;
}

interface SessionEvents {
  /** There is a new access token. */
  refreshed: string;
  /** The server said that the session is over; the code. */
  over: string;
}

/** The signed-in device: keeps its tokens fresh, and ends only when the server says so. */
export class Session extends Emitter<SessionEvents> {
  private current: StoredSession | undefined;
  private refreshing: Promise<string> | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isActive = false;
  private readonly backoff: Backoff;

  constructor(
    private readonly api: Api,
    private readonly storage: ClientStorage,
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
    this.current ??= (await this.storage.get(KEY)) as StoredSession | undefined;
    return this.user;
  }

  /** Begins with the answer to signing up or in. */
  async begin(signedIn: SignedIn): Promise<void> {
    const session = sessionOf(signedIn.user, signedIn);
    await this.storage.set(KEY, session);
    this.current = session;
    this.schedule();
  }

  /** Forgets the tokens, and tells the server if it can be reached. */
  async end(): Promise<void> {
    const { current } = this;
    await this.forget();
    if (current)
      await this.api.request('POST', '/auth/logout', undefined, current.accessToken).catch(() => undefined);
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
    const current = this.demand();
    if (Date.now() < current.renewAt) return current.accessToken;
    return this.refresh().catch((error: unknown) => {
      if (!['again', 'a-few'].includes(toError(error).handling)) throw error;
      return current.accessToken;
    });
  }

  /** A request as this user; a token that has run out is renewed and the request repeated once. */
  async request<T>(method: string, path: string, body?: unknown): Promise<T> {
    const token = await this.accessToken();
    try {
      return await this.api.request<T>(method, path, body, token);
    } catch (error) {
      if (!(await this.recover(error, token))) throw error;
      return this.api.request<T>(method, path, body, this.demand().accessToken);
    }
  }

  /**
   * What a refusal means for the session.
   * @param token the one that was refused
   * @returns whether there is a new token to try again with
   */
  async recover(error: unknown, token = this.current?.accessToken): Promise<boolean> {
    const { handling, code } = toError(error);
    if (handling === 'sign-in') await this.over(code);
    if (handling !== 'refresh' || !this.current) return false;
    if (this.current.accessToken === token) await this.refresh();
    return true;
  }

  /** Gets a new pair of tokens; those who ask meanwhile get the same. */
  refresh(): Promise<string> {
    this.refreshing ??= this.renew().finally(() => (this.refreshing = undefined));
    return this.refreshing;
  }

  /** The server has ended the session. */
  async over(code: string): Promise<void> {
    if (!this.current) return;
    await this.forget();
    this.emit('over', code);
  }

  private async renew(): Promise<string> {
    const before = await this.newest();
    if (before !== this.current) {
      this.current = before;
      this.emit('refreshed', before.accessToken);
      if (Date.now() < before.renewAt) return before.accessToken;
    }
    const { refreshToken } = before;
    try {
      const tokens = await this.api.request<Tokens>('POST', '/auth/refresh', { refreshToken });
      const session = sessionOf(before.user, tokens);
      // Kept before it is used: once the new pair was used, the old one is taken for a stolen one.
      if (this.current === before) await this.storage.set(KEY, session);
      if (this.current !== before) throw XFChatError.signedOut();
      this.current = session;
      this.schedule();
      this.backoff.reset();
      this.emit('refreshed', tokens.accessToken);
      return tokens.accessToken;
    } catch (error) {
      const { code } = toError(error);
      // No answer, or any 503, never ends a session.
      if (OVER.has(code) && this.current === before) await this.over(code);
      throw error;
    }
  }

  /** Another tab that shares the storage may have been first; then its pair is the one to go on from. */
  private async newest(): Promise<StoredSession> {
    const current = this.demand();
    const stored = (await this.storage.get(KEY)) as StoredSession | undefined;
    const isOther = stored?.user.id === current.user.id && stored.refreshToken !== current.refreshToken;
    return isOther ? stored : current;
  }

  private async forget(): Promise<void> {
    this.current = undefined;
    clearTimeout(this.timer);
    await this.storage.delete(KEY);
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

  private demand(): StoredSession {
    if (!this.current) throw XFChatError.signedOut();
    return this.current;
  }
}

function sessionOf(user: OwnUser, { accessToken, refreshToken, expiresIn }: Tokens): StoredSession {
  const lifeMs = expiresIn * 1_000;
  const renewAt = Date.now() + Math.max(lifeMs - RENEW_BEFORE_MS, lifeMs * 0.8);
  return { user, accessToken, refreshToken, renewAt };
}
