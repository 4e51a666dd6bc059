import { disableAccount, enableAccount } from '../src/features/authentication/accounts.queries';
import { serversActed } from '../src/operations/command-line/servers-know';
import { inTransaction } from '../src/platform/database/transaction';
import { createTestDatabase, type TestDatabase } from './support/databases';
import { PASSWORD, signUpAll, type Person } from './support/people';
import { Random, SEEDS } from './support/random';
import { startTestServer, type TestServer } from './support/test-server';
import type { TestSocket } from './support/test-socket';
import { until } from './support/until';

const SERVERS = 2;
const GUESTS = 3;
/** How often each guest loses access. */
const ROUNDS = 4;

type Place = 'group' | 'direct';

/** A socket of a guest, and the marks of messages that were written after the guest had lost access. */
interface Listener {
  readonly socket: TestSocket;
  readonly forbidden: Set<string>;
}

/** A user who gains and loses access again and again, with a socket on each server. */
class Guest {
  listeners: Listener[] = [];
  direct = '';
  readonly lost = { group: false, direct: false };

  constructor(
    readonly name: string,
    public person: Person,
  ) {}

  /** Begins a write. Listeners without access must never receive the mark. */
  forbid(place: Place, mark: string): void {
    if (this.lost[place]) for (const { forbidden } of this.listeners) forbidden.add(mark);
  }

  /** A guest who regains access receives everything, so the marks are compared before that. */
  expectSilence(label: string): void {
    for (const [index, { socket, forbidden }] of this.listeners.entries()) {
      const heard = socket.events.map(({ event, payload }) => `${event} ${JSON.stringify(payload)}`);
      const leaked = heard.filter((text) => [...forbidden].some((mark) => text.includes(`"${mark}"`)));
      expect({ label, guest: this.name, server: index, leaked }).toMatchObject({ leaked: [] });
      forbidden.clear();
    }
  }
}

describe('access that is revoked on one of several servers', () => {
  let database: TestDatabase;
  let servers: TestServer[];

  beforeAll(async () => {
    database = await createTestDatabase();
    const environment = { AUTH_SECRET: 'the-servers-of-a-test-share-this-secret-0123456789' };
    servers = [];
    for (let index = 0; index < SERVERS; index++)
      servers.push(await startTestServer({ database, environment }));
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.close()));
    await database.drop();
  });

  const anyServer = (random: Random): string => random.pick(servers).url;

  // Tests G6.
  it.each(SEEDS)(
    'ends on all of them before the acknowledgement, during any other activity (SEED=%d)',
    async (seed) => {
      const random = new Random(seed);
      const [owner, member, ...others] = (await signUpAll(servers[0]!.url, 2 + GUESTS)) as [Person, Person];
      const guests = others.map((person: Person, index) => new Guest(`guest ${index}`, person));
      const group = await owner.group(member, ...guests.map(({ person }) => person));
      const witness = await member.at(servers[1]!.url).connect();
      let written = 0;
      let isOver = false;
      /** Ids of messages: a server that reads a message late shows its current form. */
      const stored: string[] = [];

      /** Writes marks without a pause, as one user on one server at a time. */
      async function write(author: Person, choices: Random): Promise<void> {
        const own: { conversation: string; place: Place; guest?: Guest; id: string }[] = [];
        while (!isOver) {
          const mark = `mark ${seed} ${++written}`;
          const at = author.at(anyServer(choices));
          const guest = choices.pick(guests);
          const place: Place = author === owner && choices.chance(0.4) ? 'direct' : 'group';
          const conversation = place === 'group' ? group : guest.direct;
          const edited = choices.chance(0.3) && own.length > 0 ? choices.pick(own) : undefined;
          if (edited) {
            for (const each of edited.guest ? [edited.guest] : guests) each.forbid(edited.place, mark);
            await at.call('PUT', `/conversations/${edited.conversation}/messages/${edited.id}`, {
              body: mark,
            });
          } else if (author === owner && choices.chance(0.1)) {
            for (const each of guests) each.forbid('group', mark);
            await at.call('PATCH', `/conversations/${group}`, { title: mark });
          } else {
            for (const each of place === 'direct' ? [guest] : guests) each.forbid(place, mark);
            const { status, body } = await at.call('POST', `/conversations/${conversation}/messages`, {
              body: mark,
            });
            if (status !== 201) continue;
            own.push({ conversation, place, id: body.id, ...(place === 'direct' && { guest }) });
            if (place === 'group') stored.push(body.id);
          }
        }
      }

      async function connectEverywhere(guest: Guest): Promise<void> {
        const sockets = await Promise.all(servers.map(({ url }) => guest.person.at(url).connect()));
        guest.listeners = sockets.map((socket) => ({ socket, forbidden: new Set() }));
      }
      const closeAll = ({ listeners }: Guest): void => listeners.forEach(({ socket }) => socket.close());

      /** Each action revokes access, and returns a function that restores it. */
      const endings: Record<string, (guest: Guest, at: string) => Promise<() => Promise<unknown>>> = {
        removal: async (guest, at) => {
          await done(owner.at(at).call('DELETE', `/conversations/${group}/participants/${guest.person.id}`));
          guest.lost.group = true;
          return () => done(owner.call('PUT', `/conversations/${group}/participants/${guest.person.id}`, {}));
        },
        leaving: async (guest, at) => {
          const { person } = guest;
          await done(person.at(at).call('DELETE', `/conversations/${group}/participants/${person.id}`));
          guest.lost.group = true;
          return () => done(owner.call('PUT', `/conversations/${group}/participants/${person.id}`, {}));
        },
        block: async (guest, at) => {
          const [blocker, blocked] = random.chance(0.5) ? [owner, guest.person] : [guest.person, owner];
          await done(blocker.at(at).call('PUT', `/users/me/blocks/${blocked.id}`));
          guest.lost.direct = true;
          return () => done(blocker.call('DELETE', `/users/me/blocks/${blocked.id}`));
        },
        'sign-out': async (guest, at) => {
          await done(guest.person.at(at).call('POST', '/auth/logout'));
          return signedOut(guest);
        },
        'ended from elsewhere': async (guest, at) => {
          const other = await guest.person.signInAgain();
          await done(other.at(at).call('DELETE', `/auth/sessions/${guest.person.sessionId}`));
          return signedOut(guest);
        },
        'new password': async (guest, at) => {
          const other = await guest.person.signInAgain();
          const change = { currentPassword: PASSWORD, newPassword: PASSWORD };
          await done(other.at(at).call('PUT', '/auth/password', change));
          return signedOut(guest);
        },
        'disabled account': async (guest) => {
          const [{ dataSource }, by] = [servers[0]!, { userId: guest.person.id, actor: 'operator' }];
          await inTransaction(dataSource, (manager) => disableAccount(manager, by));
          expect(await serversActed(dataSource)).toMatchObject({ unaware: 0 });
          const back = signedOut(guest);
          return async () => {
            await inTransaction(dataSource, (manager) => enableAccount(manager, by));
            await back();
          };
        },
      };
      function signedOut(guest: Guest): () => Promise<unknown> {
        guest.lost.group = guest.lost.direct = true;
        return async () => {
          closeAll(guest);
          guest.person = await guest.person.signInAgain();
          await connectEverywhere(guest);
        };
      }

      /** Whether the guest can send to the group on this socket. A socket that ends does not answer. */
      async function isStored(socket: TestSocket): Promise<boolean> {
        if (!socket.socket.connected) return false;
        const message = { conversationId: group, body: 'said by somebody who is gone' };
        const gone = { ok: false };
        const answer = socket.command('message:send', message).catch(() => gone);
        return (await Promise.race([answer, socket.disconnected().then(() => gone)])).ok;
      }

      async function loseAndRegain(guest: Guest, choices: Random): Promise<void> {
        for (let round = 0; round < ROUNDS; round++) {
          const ending = choices.pick(Object.keys(endings));
          const giveBack = await endings[ending]!(guest, anyServer(choices));
          const { listeners, lost } = guest;
          if (lost.group) for (const { socket } of listeners) expect(await isStored(socket)).toBe(false);
          const enough = written + 1 + choices.below(12);
          await until('some more marks', () => written >= enough);
          guest.expectSilence(`seed ${seed}, round ${round}, ${ending}`);
          lost.group = lost.direct = false;
          await giveBack();
        }
      }

      for (const guest of guests) {
        guest.direct = await owner.direct(guest.person);
        await connectEverywhere(guest);
      }
      const writing = [owner, member].map((author, index) => write(author, random.fork(`author ${index}`)));
      try {
        await Promise.all(guests.map((guest) => loseAndRegain(guest, random.fork(guest.name))));
      } finally {
        isOver = true;
        await Promise.all(writing);
      }

      const heard = (): string[] => witness.payloads('message:created').map(({ id }) => id as string);
      await until('everything at the witness', () => heard().length === stored.length);
      expect(heard().sort()).toEqual(stored.sort());
      guests.forEach(closeAll);
      witness.close();
    },
  );
});

async function done(answer: Promise<{ status: number; body: unknown }>): Promise<void> {
  const { status, body } = await answer;
  if (status >= 300) throw new Error(`${status} ${JSON.stringify(body)}`);
}
