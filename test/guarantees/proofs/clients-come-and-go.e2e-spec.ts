import { MemoryStorage, XFChatClient, type Conversation, type Message } from '../../../client/src/index';
import { storageOf } from '../../support/client-storage';
import { createTestDatabase, type TestDatabase } from '../../support/databases';
import { FaultProxy } from '../../support/fault-proxy';
import { signUpAll, type Person } from '../../support/people';
import { Random, SEED } from '../../support/random';
import { until } from '../../support/until';
import { Cluster } from '../processes/cluster';

const CLIENTS = 30;
const MESSAGES_PER_SECOND = 100;
const SECONDS = Number(process.env.PROOF_SECONDS ?? 60);

const PATIENCE_MS = 120_000;

/** An application that is closed and opened again, loses its connection, and keeps its stored state. */
class Application {
  client!: XFChatClient;
  readonly written: string[] = [];

  private constructor(
    readonly person: Person,
    private readonly conversationId: string,
    private readonly link: FaultProxy,
    private readonly storage: MemoryStorage,
    private readonly random: Random,
  ) {}

  static async open(
    person: Person,
    conversationId: string,
    url: string,
    random: Random,
  ): Promise<Application> {
    const link = await FaultProxy.inFrontOf(url);
    const application = new Application(person, conversationId, link, await storageOf(person), random);
    await application.begin();
    return application;
  }

  get conversation(): Conversation {
    return this.client.conversation(this.conversationId)!;
  }

  /** Sends a message, also while there is no connection. */
  async write(): Promise<void> {
    if (!this.client.user || !this.client.conversation(this.conversationId)) return;
    const body = `${this.person.username} writes ${this.written.length}`;
    this.written.push(body);
    await this.conversation.send(body);
  }

  /** Edits or deletes an own message that it shows. Another device may have changed it since. */
  async change(): Promise<void> {
    const own = this.client.conversation(this.conversationId)?.messages.slice(-50);
    const mine = own?.filter(({ senderId, deletedAt }) => senderId === this.person.id && deletedAt === null);
    if (!mine?.length) return;
    const message = this.random.pick(mine);
    const change = this.random.chance(0.8)
      ? this.conversation.edit(message, `${message.body} (edited)`)
      : this.conversation.delete(message);
    await change.catch(() => undefined); // the connection was dropped
  }

  /** Stays for a while, and then leaves by a cut link or a closed application, for a short or a long time. */
  async dropOnce(): Promise<void> {
    await this.pause(300, 4_000);
    const way = this.random.next();
    if (way < 0.4) return this.link.resetAll();
    if (way < 0.6) {
      this.link.set('swallow-replies');
      await this.pause(50, 400);
      this.link.set('pass');
      return this.link.resetAll();
    }
    await this.client.stop();
    await this.pause(0, 3_000);
    await this.begin();
  }

  private async begin(): Promise<void> {
    this.client = new XFChatClient({
      url: this.link.url.replace(/\/$/, ''),
      storage: this.storage,
      timeoutMs: 10_000,
      transports: ['websocket'],
      backoff: { initialMs: 100, maxMs: 1_000 },
    });
    await this.client.resume();
  }

  async sent(): Promise<void> {
    const isSent = (): boolean => this.client.conversation(this.conversationId)?.outgoing.length === 0;
    await until(`${this.person.username} to have sent everything`, isSent, PATIENCE_MS);
  }

  /** The whole conversation, once nothing is missing. */
  async view(): Promise<readonly Message[]> {
    await until(
      `${this.person.username} to see everything`,
      async () => {
        await this.client.check();
        while (this.conversation.hasOlder && this.conversation.status === 'complete')
          await this.conversation.older(200).catch(() => undefined);
        return this.conversation.status === 'complete' && !this.conversation.hasOlder;
      },
      PATIENCE_MS,
    );
    return this.conversation.messages;
  }

  async close(): Promise<void> {
    await this.client.stop();
    await this.link.close();
  }

  private pause(low: number, high: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, this.random.between(low, high)));
  }
}

describe(`${CLIENTS} clients that come and go for ${SECONDS} s under ${MESSAGES_PER_SECOND} messages a second`, () => {
  let database: TestDatabase;
  let cluster: Cluster;
  const applications: Application[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    cluster = await Cluster.start(database.url);
  });
  afterAll(async () => {
    await Promise.all(applications.map((application) => application.close()));
    await cluster.close();
    await database.drop();
  });

  // Tests G4.
  it(`all receive exactly the history (SEED=${SEED})`, async () => {
    const random = new Random(SEED);
    const people = await signUpAll(cluster.urls[0]!, CLIENTS);
    const [owner, ...others] = people as [Person, ...Person[]];
    const group = await owner.group(...others);
    for (const [index, person] of people.entries())
      applications.push(await Application.open(person, group, cluster.urls[0]!, random.fork(index)));
    await until('all to be complete', () => applications.every(({ client }) => client.status === 'complete'));

    const end = performance.now() + SECONDS * 1_000;
    const isOver = (): boolean => performance.now() > end;
    let drops = 0;
    const comingAndGoing = applications.map(async (application) => {
      while (!isOver()) {
        await application.dropOnce();
        drops++;
      }
    });
    const writing = (async () => {
      const own = random.fork('who writes');
      for (let written = 0; !isOver(); written++) {
        // Send all messages that are due by now, so that a slow machine catches up.
        const due = (SECONDS * 1_000 - (end - performance.now())) * (MESSAGES_PER_SECOND / 1_000);
        if (written > due) await new Promise((resolve) => setTimeout(resolve, 10));
        await own.pick(applications).write();
        if (own.chance(0.1)) void own.pick(applications).change();
      }
    })();
    await Promise.all([...comingAndGoing, writing]);

    await Promise.all(applications.map((application) => application.sent()));
    const views = await Promise.all(applications.map((application) => application.view()));
    const history = await readAll(owner, group);
    for (const [index, view] of views.entries())
      expect({ client: index, ...differences(view, history) }).toEqual({ client: index, ...NOTHING });
    // Every message is there once, in the order in which its author wrote it.
    for (const { person, written } of applications) {
      const stored = history.filter(({ senderId }) => senderId === person.id);
      expect(stored).toHaveLength(written.length);
      for (const [index, { body }] of stored.entries())
        expect(body ?? written[index]).toContain(written[index]);
    }
    expect(history.map(({ seq }) => seq)).toEqual(history.map((_message, index) => index + 1));
    expect(history.length).toBeGreaterThan((SECONDS * MESSAGES_PER_SECOND) / 2);
    expect(history.some(({ rev }) => rev > 0)).toBe(true);
    expect(drops).toBeGreaterThan(SECONDS * 3);
  }, 600_000);
});

const NOTHING = { missing: [], other: [], surplus: [] };

/** The numbers at which a view differs from the history. */
function differences(view: readonly Message[], history: readonly Message[]): Record<string, number[]> {
  const held = new Map(view.map((message) => [message.seq, JSON.stringify(message)]));
  const stored = new Map(history.map((message) => [message.seq, JSON.stringify(message)]));
  return {
    missing: [...stored.keys()].filter((seq) => !held.has(seq)),
    other: [...stored.keys()].filter((seq) => held.has(seq) && held.get(seq) !== stored.get(seq)),
    surplus: [...held.keys()].filter((seq) => !stored.has(seq)),
  };
}

async function readAll(reader: Person, conversationId: string): Promise<Message[]> {
  const messages: Message[] = [];
  for (let hasMore = true; hasMore;) {
    const after = messages.at(-1)?.seq ?? 0;
    const path = `/conversations/${conversationId}/messages?after=${after}&limit=200`;
    const { body } = await reader.call('GET', path);
    messages.push(...body.items);
    hasMore = body.hasMoreAfter;
  }
  return messages;
}
