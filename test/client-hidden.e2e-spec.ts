import { XFChatClient } from '../client/src/index';
import { storageOf } from './support/client-storage';
import { signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { until } from './support/until';

describe('a direct conversation that its user hides on one device', () => {
  let server: TestServer;
  let ada: Person;
  let ben: Person;
  let id: string;
  const clients: XFChatClient[] = [];

  beforeAll(async () => {
    server = await startTestServer();
  });
  beforeEach(async () => {
    [ada, ben] = (await signUpAll(server.url, 2)) as [Person, Person];
    id = await ada.direct(ben);
    await ben.send(id, 'hello');
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.stop()));
  });
  afterAll(() => server.close());

  /** Another device of ada. */
  async function device(): Promise<XFChatClient> {
    const client = new XFChatClient({ url: server.url, storage: await storageOf(await ada.signInAgain()) });
    clients.push(client);
    await client.resume();
    await client.untilComplete();
    return client;
  }
  const lists = (client: XFChatClient): boolean => client.conversations.some((found) => found.id === id);
  const hide = (client: XFChatClient): Promise<void> => client.request('DELETE', `/conversations/${id}`);
  const reopen = (client: XFChatClient) =>
    client.createConversation({ type: 'direct', participantIds: [ben.id] });

  it('leaves the lists of all devices at once, and comes back to all when it is opened again', async () => {
    const devices = [await device(), await device()] as const;
    const removed = devices.map(
      (client) =>
        new Promise((resolve) => client.on('removed', ({ conversationId }) => resolve(conversationId))),
    );
    expect(devices.map(lists)).toEqual([true, true]);
    await hide(devices[0]);
    expect(await Promise.all(removed)).toEqual([id, id]);
    expect(devices.map(lists)).toEqual([false, false]);

    expect((await reopen(devices[0])).isHidden).toBe(false);
    await until('both to list it', () => devices.every(lists));
  });

  it('stays out of the lists when something in it changes, and comes back with the next message', async () => {
    const devices = [await device(), await device()] as const;
    const message = await ben.send(id, 'with a mistkae');
    await until('both to hear of it', () =>
      devices.every((client) => client.conversation(id)?.messages.at(-1)?.id === message.id),
    );
    await hide(devices[0]);
    await until('both to drop it', () => !devices.some(lists));
    const heard = devices.map(
      (client) =>
        new Promise((resolve) =>
          client.on('event', ({ name }) => name === 'message:updated' && resolve(name)),
        ),
    );
    await ben.call('PUT', `/conversations/${id}/messages/${message.id}`, { body: 'without a mistake' });
    await Promise.all(heard);
    await Promise.all(devices.map((client) => client.check()));
    expect(devices.map(lists)).toEqual([false, false]);

    await ben.send(id, 'are you there?');
    await until('both to list it', () => devices.every(lists));
    expect(devices[1].conversation(id)?.messages.at(-1)?.body).toBe('are you there?');
  });

  it.each([false, true])(
    'leaves the list of a device that was away, whether or not an event arrives first: %s',
    async (isHeardOf) => {
      const [here, away] = [await device(), await device()];
      const message = await ben.send(id, 'with a mistkae');
      await away.stop();
      await hide(here);
      if (isHeardOf) {
        // The event comes before the list of conversations is read.
        away.on('connection', (state) => {
          if (state === 'online')
            void ben.call('PUT', `/conversations/${id}/messages/${message.id}`, {
              body: 'without a mistake',
            });
        });
      }
      await away.resume();
      await until('the device to drop it', () => away.isOnline && away.status === 'complete' && !lists(away));
    },
  );

  it('can be opened without being listed, and is listed from the next message on', async () => {
    const [here, other] = [await device(), await device()];
    await hide(here);
    await until('both to drop it', () => !lists(here) && !lists(other));
    const opened = await here.open(id);
    expect(opened).toMatchObject({ id, isHidden: true });
    await opened.older();
    expect(opened.messages.map(({ body }) => body)).toEqual(['hello']);
    await here.check();
    expect(here.conversation(id)).toBe(opened);
    expect([here, other].map(lists)).toEqual([false, false]);

    await opened.send('I am back');
    await until('both to list it', () => lists(here) && lists(other));
    expect(opened.isHidden).toBe(false);
    await hide(other);
    await until('both to drop it', () => !lists(here) && !lists(other));
  });
});
