import { signal, type Signal } from '@preact/signals';
import {
  XFChatClient,
  type ClientStorage,
  type Conversation,
  type OwnUser,
  type Participant,
} from '@xfchat/client';
import { Drafts } from './drafts.ts';
import { Friends } from './people/friends.ts';
import { People } from './people/people.ts';
import { checkRelease } from './release.ts';
import { ERASED_NAME } from './words.ts';

/** What the server says of itself. */
export type ServerStatus = 'ok' | 'degraded' | 'maintenance';

/**
 * The client as the screens watch it: what changes is a signal, what is done goes to `client`. Conversations stay the
 * same objects, so each has a number beside it that grows with its changes.
 */
export class Chat {
  readonly client: XFChatClient;
  readonly people: People;
  readonly friends: Friends;
  /** Null when nobody is signed in, undefined until that is known. */
  readonly user = signal<OwnUser | null | undefined>(undefined);
  /** Why the session ended, when it was not by one's own wish; the code of a problem. */
  readonly endedBy = signal<string | undefined>(undefined);
  readonly isOnline = signal(false);
  readonly isComplete = signal(false);
  readonly serverStatus = signal<ServerStatus>('ok');
  /** Whether this device could not keep something. */
  readonly hasStorageFailed = signal(false);
  readonly drafts: Drafts;
  /** Grows with every change of any conversation. */
  private readonly changes = signal(0);
  private readonly versions = new Map<string, Signal<number>>();

  constructor(url: string, storage: ClientStorage) {
    this.client = new XFChatClient({ url, storage, backoff: { maxMs: 10_000 } });
    this.people = new People(this.client);
    this.friends = new Friends(this.client);
    this.drafts = new Drafts(storage, () => (this.hasStorageFailed.value = true));
    const { client } = this;
    client.on('connection', (state) => this.connected(state === 'online'));
    client.on('status', (status) => (this.isComplete.value = status === 'complete'));
    client.on('conversation', ({ id }) => this.changed(id));
    client.on('removed', ({ conversationId }) => this.changed(conversationId));
    client.on('signed-out', ({ reason }) => this.left(reason));
    client.on('error', () => (this.hasStorageFailed.value = true));
    client.on('event', ({ name, payload }) => {
      if (name === 'server:status') this.serverStatus.value = (payload as { status: ServerStatus }).status;
      if (name.startsWith('friend')) this.friends.reload();
    });
  }

  /** Whose screens these are: also in the moment between the end of a session and the end of its screens. */
  get ownId(): string {
    return this.user.value?.id ?? '';
  }

  /** All of them; a component that reads them is drawn anew with each change. */
  get conversations(): Conversation[] {
    void this.changes.value;
    return this.client.conversations;
  }

  /** Whether what is sent now reaches the server at once, as far as it is known. */
  get canSend(): boolean {
    return this.isOnline.value && this.serverStatus.value === 'ok';
  }

  /** Goes on with the session of this browser, if there is one. */
  async resume(): Promise<void> {
    const user = await this.client.resume();
    if (user) await this.entered(user);
    else this.user.value = null;
  }

  async signIn(login: string, password: string): Promise<void> {
    await this.entered(await this.client.signIn({ login, password, deviceName: deviceName() }));
  }

  async signUp(account: { username: string; password: string; displayName?: string }): Promise<void> {
    await this.entered(await this.client.signUp(account));
  }

  /** The network is back, or somebody looks at this page again. */
  wake(): void {
    if (this.user.value) this.client.wake();
  }

  /** The number of a conversation's changes; reading it in a component draws that anew with each. */
  versionOf(conversationId: string): Signal<number> {
    let version = this.versions.get(conversationId);
    if (!version) this.versions.set(conversationId, (version = signal(0)));
    return version;
  }

  /** The one whom a direct conversation is with; nobody any more when they have erased their account. */
  partner(conversation: Conversation): Participant | undefined {
    return conversation.participants.find(({ userId }) => userId !== this.ownId);
  }

  titleOf(conversation: Conversation): string {
    if (conversation.type === 'group') return conversation.title ?? 'A group';
    return this.partner(conversation)?.user.displayName ?? ERASED_NAME;
  }

  /** Reads one's own profile anew: it may have been changed on another device. */
  async reloadProfile(): Promise<void> {
    this.user.value = await this.client.request<OwnUser>('GET', '/users/me');
  }

  private async entered(user: OwnUser): Promise<void> {
    await this.drafts.restore();
    this.endedBy.value = undefined;
    this.user.value = user;
  }

  private connected(isOnline: boolean): void {
    this.isOnline.value = isOnline;
    // The server says so again right after `ready` when it is not well.
    this.serverStatus.value = 'ok';
    if (!isOnline) return;
    void checkRelease();
    this.friends.reload();
    this.reloadProfile().catch(() => undefined); // the one that is shown was true a while ago
  }

  private changed(conversationId: string): void {
    this.changes.value++;
    this.versionOf(conversationId).value++;
  }

  private left(reason: string): void {
    if (reason === 'signed-in-again') return;
    this.drafts.clear();
    this.friends.clear();
    this.people.clear();
    this.endedBy.value = reason === 'signed-out' ? undefined : reason;
    this.user.value = null;
  }
}

/** What this device is called in the list of devices. */
function deviceName(): string {
  const { userAgent } = navigator;
  const browser = /Edg|Firefox|OPR|Chrome|Safari/.exec(userAgent)?.[0] ?? 'Browser';
  const system = /Android|iPhone|iPad|Windows|Mac OS X|Linux/.exec(userAgent)?.[0] ?? '';
  const names: Record<string, string> = { Edg: 'Edge', OPR: 'Opera', 'Mac OS X': 'macOS' };
  return [names[browser] ?? browser, names[system] ?? system].filter(Boolean).join(' on ');
}
