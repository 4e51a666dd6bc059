import { MemoryStorage, XFChatClient, type Conversation } from '../client/src/index';
import { addMessages } from './add-messages';
import type { Server } from './servers';

const PEOPLE = 10;
const MESSAGES_OF_EACH = 100;
const MISSED = 10_000;

/** Measures the reference client as an application uses it: the client handles acknowledgements, history and order. */
export async function measureClients(
  server: Server,
  databaseUrl: string,
  repeats: number,
): Promise<Record<string, number[]>> {
  const storages = Array.from({ length: PEOPLE }, () => new MemoryStorage());
  const clients = storages.map((storage) => clientOf(server, storage));
  const users = await inTurn(clients, (client) =>
    client.signUp({
      username: `c${Date.now()}${clients.indexOf(client)}`,
      password: 'the same long password',
    }),
  );
  const group = { type: 'group', title: 'clients', participantIds: users.slice(1).map(({ id }) => id) };
  const { id } = await clients[0]!.request<{ id: string }>('POST', '/conversations', group);
  const rates: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat++)
    rates.push(await exchange(await inTurn(clients, (each) => each.open(id))));
  await inTurn(clients, (client) => client.stop());

  await addMessages(databaseUrl, id, users[0]!.id, MISSED);
  const times: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat++)
    times.push(await catchUp(server, await copyOf(storages[1]!)));
  return {
    [`messages/s, ${PEOPLE} clients in a group, each until all have everything`]: rates,
    [`ms until a client that missed ${MISSED.toLocaleString('en-US')} messages is complete`]: times,
  };
}

const clientOf = (server: Server, storage: MemoryStorage): XFChatClient =>
  new XFChatClient({ url: server.url, storage, maxCatchUp: 2 * MISSED, keepMessages: 50 });

async function inTurn<T, R>(list: readonly T[], work: (each: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const each of list) results.push(await work(each));
  return results;
}

/** Everybody sends all their messages at once. @returns messages per second until everybody holds all of them in order */
async function exchange(conversations: readonly Conversation[]): Promise<number> {
  const before = Math.max(...conversations.map(({ position }) => position.seq));
  const count = conversations.length * MESSAGES_OF_EACH;
  const started = performance.now();
  await Promise.all(
    conversations.map(async (conversation) => {
      for (let n = 0; n < MESSAGES_OF_EACH; n++) await conversation.send(`message ${n}`);
    }),
  );
  while (conversations.some(({ position }) => position.seq < before + count))
    await new Promise((resolve) => setTimeout(resolve, 5));
  return (count / (performance.now() - started)) * 1_000;
}

/** The time of a catch-up, from connecting on, in milliseconds. */
async function catchUp(server: Server, storage: MemoryStorage): Promise<number> {
  const client = clientOf(server, storage);
  const started = performance.now();
  await client.resume();
  await client.untilComplete();
  const time = performance.now() - started;
  const [conversation] = client.conversations;
  const { length } = conversation!.messages;
  await client.stop();
  if (length < MISSED) throw new Error(`the client holds ${length} messages of the ${MISSED} that it missed`);
  return time;
}

async function copyOf(storage: MemoryStorage): Promise<MemoryStorage> {
  const copy = new MemoryStorage();
  for (const key of await storage.keys('')) await copy.set(key, await storage.get(key));
  return copy;
}
