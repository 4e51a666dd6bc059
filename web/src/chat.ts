import { signal, type Signal } from '@preact/signals';
import {
  XFChatClient,
  type ClientStorage,
  type Conversation,
  type OwnUser,
  type Participant,
  type Profile,
  type Search,
  type Users,
} from '@xfchat/client';
import { forgetLeftDrafts, type Drafts, type TabStorage } from './drafts.ts';
import type { Friends } from './people/friends.ts';
import { nameOf, visibleName } from './people/names.ts';
import type { LivePeople } from './people/live-people.ts';
import type { People } from './people/people.ts';
import { checkRelease } from './release.ts';
import { resetRoute } from './route.ts';
import { Visit } from './visit.ts';
import { ERASED_NAME } from './words.ts';

/** The maximum length of a watch list. */
const MAX_CONTACTS = 500;

/** The server's description of itself. */
export type ServerStatus = 'ok' | 'degraded' | 'maintenance';

/**
 * The state of the client for the screens: signals tell them what to show, and their actions go to `client`. A conversation
 * stays the same object, so a number that grows with each of its changes stands for it. The visit holds everything that
 * belongs to one user.
 */
export class Chat {
  readonly client: XFChatClient;
  /** Null when nobody is signed in; undefined until this is known. */
  readonly visit = signal<Visit | null | undefined>(undefined);
  /** The code of the problem that ended the session; undefined after the user has signed out. */
  readonly endedBy = signal<string | undefined>(undefined);
  readonly isOnline = signal(false);
  readonly isComplete = signal(false);
  readonly serverStatus = signal<ServerStatus>('ok');
  /** Whether some data could not be stored on this device. */
  readonly hasStorageFailed = signal(false);
  /** The current visit or, after it, the last one: Preact renders its screens once more while it removes them. */
  private latest: Visit | undefined;
  /** Increases with every change of any conversation. */
  private readonly changes = signal(0);
  private readonly versions = new Map<string, Signal<number>>();

  constructor(
    url: string,
    storage: ClientStorage,
    private readonly tab: TabStorage,
  ) {
    this.client = new XFChatClient({ url, storage, backoff: { maxMs: 10_000 } });
    const { client } = this;
    client.on('connection', (state) => this.connected(state === 'online'));
    client.on('status', (status) => (this.isComplete.value = status === 'complete'));
    client.on('conversation', ({ id }) => this.changed(id));
    client.on('removed', ({ conversationId }) => this.changed(conversationId));
    client.on('signed-out', ({ reason }) => this.left(reason));
    client.on('session-available', () => void this.resume());
    client.on('presence', ({ userId, presence }) => {
      if (this.latest) this.latest.live.presenceOf(userId).value = presence;
    });
    client.on('typing', ({ conversationId, userIds }) => {
      if (this.latest) this.latest.live.typistsIn(conversationId).value = userIds;
    });
    client.on('storage', (state) => (this.hasStorageFailed.value = state === 'in-memory'));
    client.on('event', ({ name, payload }) => {
      if (name === 'server:status') this.serverStatus.value = (payload as { status: ServerStatus }).status;
      if (name.startsWith('friend')) this.latest?.friends.reload();
    });
  }

  get drafts(): Drafts {
    return this.latest!.drafts;
  }

  get friends(): Friends {
    return this.latest!.friends;
  }

  get people(): People {
    return this.latest!.people;
  }

  get live(): LivePeople {
    return this.latest!.live;
  }

  /** The users whose presence is shown: the partners of direct conversations, and friends. */
  get contactIds(): readonly string[] {
    const partners = this.conversations
      .filter(({ type }) => type === 'direct')
      .flatMap((conversation) => this.partner(conversation)?.userId ?? []);
    const friends = (this.friends.list.value ?? []).map(({ id }) => id);
    return [...new Set([...partners, ...friends])].slice(0, MAX_CONTACTS);
  }

  get profile(): Profile {
    return this.latest!.profile;
  }

  get users(): Users {
    return this.latest!.users;
  }

  get search(): Search {
    return this.latest!.search;
  }

  /** The user's own profile. A component that reads it is rendered again when it changes. */
  get user(): OwnUser {
    return this.latest!.user.value;
  }

  /** The id of the user whose screens are shown, also while they are removed after the end of a session. */
  get ownId(): string {
    return this.latest?.user.peek().id ?? '';
  }

  /** All conversations. A component that reads them is rendered again after each change of any of them. */
  get conversations(): readonly Conversation[] {
    void this.changes.value;
    return this.client.conversations;
  }

  /** Whether a message would probably be sent at once: a socket is ready, and the server has reported no fault. */
  get canSend(): boolean {
    return this.isOnline.value && this.serverStatus.value === 'ok';
  }

  /** Continues with the session of this browser, if there is one. */
  async resume(): Promise<void> {
    const user = await this.client.resume();
    if (user) await this.entered(user);
    else if (!this.client.user) {
      forgetLeftDrafts(this.tab);
      this.visit.value = null;
    }
  }

  async signIn(login: string, password: string): Promise<void> {
    await this.entered(await this.client.signIn({ login, password, deviceName: deviceName() }));
  }

  async signUp(account: Parameters<XFChatClient['signUp']>[0]): Promise<void> {
    await this.entered(await this.client.signUp(account));
  }

  /** Tries again at once, because the network is back or the page is visible again. */
  wake(): void {
    if (this.visit.value) this.client.wake();
    else if (this.visit.value === null) void this.resume();
  }

  /** Hands unsaved drafts over, because the page may end now. */
  leave(): void {
    this.latest?.drafts.leave();
  }

  /** The number of changes of a conversation. A component that reads it is rendered again after each change. */
  versionOf(conversationId: string): Signal<number> {
    let version = this.versions.get(conversationId);
    if (!version) this.versions.set(conversationId, (version = signal(0)));
    return version;
  }

  /** The other person of a direct conversation; undefined after they have erased their account. */
  partner(conversation: Conversation): Participant | undefined {
    return conversation.participants.find(({ userId }) => userId !== this.ownId);
  }

  titleOf(conversation: Conversation): string {
    if (conversation.type === 'group') return visibleName(conversation.title ?? '', 'Unnamed group');
    const partner = this.partner(conversation);
    return partner ? nameOf(partner.user) : ERASED_NAME;
  }

  reloadProfile(): Promise<void> {
    return this.latest!.reloadProfile();
  }

  private async entered(user: OwnUser): Promise<void> {
    const { latest } = this;
    if (latest && !latest.hasEnded && latest.user.peek().id === user.id) return;
    if (latest && latest.user.peek().id !== user.id) resetRoute();
    const visit = new Visit(this.client, user, this.tab);
    this.latest = visit;
    await visit.drafts.restore();
    if (visit.hasEnded) return;
    this.endedBy.value = undefined;
    this.visit.value = visit;
    if (this.isOnline.value) this.reload();
  }

  private connected(isOnline: boolean): void {
    this.isOnline.value = isOnline;
    // If the server still has a fault, it reports that again right after `ready`.
    this.serverStatus.value = 'ok';
    if (!isOnline) return;
    void checkRelease();
    this.reload();
  }

  /** Reads friends and profile again, because events may have been missed. */
  private reload(): void {
    const { latest } = this;
    if (!latest || latest.hasEnded) return;
    latest.friends.reload();
    latest.reloadProfile().catch(() => undefined); // keep the profile that is shown
  }

  private changed(conversationId: string): void {
    this.changes.value++;
    this.versionOf(conversationId).value++;
  }

  private left(reason: string): void {
    this.latest?.end();
    this.visit.value = reason === 'signed-in-again' ? undefined : null;
    if (reason === 'signed-in-again') return;
    this.endedBy.value = reason === 'signed-out' ? undefined : reason;
    if (reason === 'signed-out') resetRoute();
    // Another tab may have begun a session since.
    void this.resume();
  }
}

/** The name of this device in the list of devices. */
function deviceName(): string {
  const { userAgent } = navigator;
  const browser = /Edg|Firefox|OPR|Chrome|Safari/.exec(userAgent)?.[0] ?? 'Browser';
  const system = /Android|iPhone|iPad|Windows|Mac OS X|Linux/.exec(userAgent)?.[0] ?? '';
  const names: Record<string, string> = { Edg: 'Edge', OPR: 'Opera', 'Mac OS X': 'macOS' };
  return [names[browser] ?? browser, names[system] ?? system].filter(Boolean).join(' on ');
}
