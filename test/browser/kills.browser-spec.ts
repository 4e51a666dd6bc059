import { call } from '../support/api';
import { signUp, type Person } from '../support/people';
import { until } from '../support/until';
import { Bench } from './support/bench';
import type { Tab } from './support/tab';

const KILLS = 5;
const MESSAGES = 25;
/** The messages of both users between two kills. */
const ROUND = (2 * MESSAGES) / KILLS;

jest.setTimeout(300_000);

describe('a server that is killed while people write', () => {
  let bench: Bench;
  let people: [Person, Person];
  let conversationId: string;
  let ada: Tab;
  let ben: Tab;
  beforeAll(async () => {
    bench = await Bench.open();
    people = [
      await signUp(bench.url, { displayName: 'Ada' }),
      await signUp(bench.url, { displayName: 'Ben' }),
    ];
    conversationId = await people[0].direct(people[1]);
    [ada, ben] = await Promise.all([bench.visit(), bench.visit()]);
    await Promise.all([ada.signIn(people[0]), ben.signIn(people[1])]);
    await Promise.all([ada.openConversation(/Ben/), ben.openConversation(/Ada/)]);
  });
  afterAll(() => bench.close());

  const stored = async (): Promise<string[]> => {
    const path = `/api/v1/conversations/${conversationId}/messages?limit=200`;
    const { body } = await call(bench.url, 'GET', path, { token: people[0].accessToken });
    return body.items.map((message: { body: string }) => message.body);
  };

  it(`shows every message once and in order on both screens, after ${KILLS} kills`, async () => {
    let written = 0;
    let kills = 0;
    const hasWritten = (count: number): Promise<true> =>
      until(`${count} messages to be written`, () => written >= count, 90_000);
    const write = async (tab: Tab, name: string): Promise<void> => {
      for (let number = 1; number <= MESSAGES; number++) {
        await tab.say(`${name} ${number}`);
        written++;
        // In each round, some messages are written before the kill and some while no server runs.
        await until('the next kill', () => written < kills * ROUND + ROUND / 2, 90_000);
      }
    };
    const kill = async (): Promise<void> => {
      while (kills < KILLS) {
        await hasWritten(kills * ROUND + ROUND / 3);
        await bench.server.kill();
        kills++;
        await hasWritten(kills * ROUND);
        await bench.server.start();
      }
    };
    await Promise.all([write(ada, 'Ada'), write(ben, 'Ben'), kill()]);
    await until('everything to be stored', async () => (await stored()).length === 2 * MESSAGES, 120_000);

    const history = await stored();
    for (const name of ['Ada', 'Ben']) {
      const own = history.filter((body) => body.startsWith(name));
      expect(own).toEqual(Array.from({ length: MESSAGES }, (_, index) => `${name} ${index + 1}`));
    }
    await ada.shows(history);
    await ben.shows(history);
    await Promise.all([ada.hasSent(), ben.hasSent()]);
    expect(kills).toBe(KILLS);
  });

  it('keeps unsent messages of two tabs over a reload without a server, and sends them once', async () => {
    const before = await stored();
    await ada.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    await bench.server.kill();
    await ada.sees(/^No connection/);
    await ada.say('while you were away');
    await ada.say('and another');
    await ada.row('and another').getByText('Waiting to be sent').waitFor();

    await ada.page.reload();
    await ada.row('and another').getByText('Waiting to be sent').waitFor();
    const second = await ada.another(`/c/${conversationId}`);
    await second.row('and another').getByText('Waiting to be sent').waitFor();

    await bench.server.start();
    const after = [...before, 'while you were away', 'and another'];
    await Promise.all([ada, ben, second].map((tab) => tab.shows(after)));
    await second.say('from the second tab');
    await Promise.all([ada, ben, second].map((tab) => tab.shows([...after, 'from the second tab'])));
    expect(await stored()).toEqual([...after, 'from the second tab']);
    expect([ada, ben, second].flatMap(({ faults }) => faults)).toEqual([]);
  });
});
