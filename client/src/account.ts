import { ACCOUNT, type AccountEffect, type AccountTrigger, type Ending } from './account-states.ts';
import type { Connection } from './connection.ts';
import { Emitter } from './emitter.ts';
import type { OwnedStorage } from './owned-storage.ts';
import { XFChatError } from './problem.ts';
import type { Sender } from './sender.ts';
import { isAbsentOrSame, SESSION_KEY, type Session, type StoredSession } from './session.ts';
import type { OwnUser, SignedIn } from './types.ts';
import type { EraseAccount } from './wire.generated.ts';

export interface AccountOptions {
  readonly session: Session;
  readonly connection: Connection;
  readonly sender: Sender;
  readonly storage: OwnedStorage;
  /** Loads the stored conversations of a user, unless `isCurrent` turns false meanwhile: they are signed out then. */
  readonly restore: (user: OwnUser, isCurrent: () => boolean) => Promise<void>;
  /** Resolves when everything is stored. */
  readonly flush: () => Promise<void>;
  /** Drops conversations that wait to be stored. */
  readonly discard: () => void;
  /** Drops everything that is held in memory. */
  readonly clear: () => void;
}

interface AccountEvents {
  left: { readonly reason: string };
  'session-available': undefined;
}

const ENDINGS = new Set<string>(['signed-out', 'account-erased', 'session-revoked'] satisfies Ending[]);

/** Begins and ends the sessions of this device, and decides which of the user's data the storage keeps. */
export class Account extends Emitter<AccountEvents> {
  /** Resolves when the storage is done with the sessions that have ended. */
  private leaving: Promise<void> = Promise.resolve();
  private resuming: Promise<OwnUser | undefined> | undefined;

  constructor(private readonly options: AccountOptions) {
    super();
    options.session.on('over', ({ code, ended }) => {
      this.handle(ENDINGS.has(code) ? (code as Ending) : 'session-over', ended, code);
    });
  }

  /** Begins a session with the answer to signing up or signing in. */
  async begin(answer: Promise<SignedIn>): Promise<OwnUser> {
    const { session, storage } = this.options;
    const signedIn = await answer;
    this.handle('signed-in-again', session.drop());
    const { generation } = session;
    await this.leaving;
    // The outbox sends its waiting messages now, but only those that this user wrote.
    await storage.claim(signedIn.user.id);
    if (generation !== session.generation) throw XFChatError.signedOut();
    const begun = session.begin(signedIn);
    const mine = session.generation;
    await begun;
    if (!(await this.enter(signedIn.user, mine))) throw XFChatError.signedOut();
    return signedIn.user;
  }

  /** Continues with the session that is in the storage. */
  resume(): Promise<OwnUser | undefined> {
    this.resuming ??= this.takeUp().finally(() => (this.resuming = undefined));
    return this.resuming;
  }

  async stop(): Promise<void> {
    this.handle('stopped');
    await this.options.flush();
  }

  async signOut(): Promise<void> {
    const { session } = this.options;
    const ended = session.drop();
    this.handle('signed-out', ended);
    await Promise.all([this.leaving, ended && session.logOut(ended)]);
  }

  async erase(input: EraseAccount): Promise<void> {
    const { session } = this.options;
    const { generation } = session;
    let isErased = false;
    const stop = this.on('left', ({ reason }) => (isErased = reason === 'account-erased'));
    try {
      await session.call('DELETE /users/me', { body: input });
    } catch (error) {
      // The event `session:revoked` may arrive before the answer, and it ends the request with `signed-out`.
      if (!isErased) throw error;
    } finally {
      stop();
    }
    if (generation === session.generation) session.over('account-erased');
    await this.leaving;
  }

  /**
   * Another tab has emptied the storage, or has signed in as another user.
   * @param reason that the other tab has left: it may have heard of the end of the session before this one
   */
  lostStorage(reason = 'signed-out'): void {
    this.handle('storage-lost', this.options.session.drop(), ENDINGS.has(reason) ? reason : 'signed-out');
  }

  /** Another tab has stored a session. */
  sessionStored(): void {
    this.handle('session-stored');
  }

  private async takeUp(): Promise<OwnUser | undefined> {
    const { session, storage } = this.options;
    await this.leaving;
    const isHeld = session.user !== undefined;
    const user = await session.restore();
    if (!user) return undefined;
    const { generation } = session;
    if (!isHeld && !(await storage.resume(user.id))) {
      if (generation === session.generation) session.drop();
      return undefined;
    }
    return this.enter(user, generation);
  }

  /** @returns undefined when the session ends meanwhile */
  private async enter(user: OwnUser, generation: number): Promise<OwnUser | undefined> {
    const isCurrent = (): boolean => generation === this.options.session.generation;
    await this.options.restore(user, isCurrent);
    if (!isCurrent()) return undefined;
    this.handle('entered');
    return user;
  }

  /** @param ended the session that a trigger has ended */
  private handle(trigger: AccountTrigger, ended?: StoredSession, reason: string = trigger): void {
    const state = ended || this.options.session.user ? 'signed-in' : 'signed-out';
    this.effects[ACCOUNT[state][trigger]](ended, reason);
  }

  private readonly effects = {
    start: () => {
      const { session, sender, connection } = this.options;
      session.start();
      sender.start();
      connection.open();
    },
    stop: () => this.halt(),
    empty: (ended, reason) => {
      this.leave(
        reason,
        async (isOwn) => {
          this.options.discard();
          await this.options.storage.clear(SESSION_KEY, isOwn, reason);
        },
        ended!,
      );
    },
    keep: (ended, reason) => {
      this.leave(
        reason,
        async (isOwn) => {
          await this.options.flush();
          await this.options.storage.replace(SESSION_KEY, undefined, isOwn);
          this.options.storage.release();
        },
        ended!,
      );
    },
    abandon: (ended, reason) => {
      this.options.storage.release();
      if (ended) this.leave(reason, async () => this.options.discard(), ended);
    },
    announce: () => this.emit('session-available', undefined),
    stay: () => undefined,
  } satisfies Record<AccountEffect, (ended: StoredSession | undefined, reason: string) => void>;

  private halt(): void {
    const { session, sender, connection } = this.options;
    connection.close();
    session.stop();
    sender.stop();
  }

  /**
   * Ends the session: at once in memory, then in the storage. A session that another tab has begun since stays.
   * @param store updates the storage; `isOwn` says whether a stored session is the one that ended
   */
  private leave(
    reason: string,
    store: (isOwn: (stored: unknown) => boolean) => Promise<void>,
    ended: StoredSession,
  ): void {
    this.halt();
    this.options.clear();
    const isOwn = (stored: unknown): boolean => isAbsentOrSame(stored, ended);
    this.leaving = this.leaving.then(() => store(isOwn));
    this.emit('left', { reason });
  }
}
