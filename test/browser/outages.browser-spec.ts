import { signUp, type Person } from '../support/people';
import { until } from '../support/until';
import { commandOf } from '../support/xfchat-command';
import { Bench } from './support/bench';
import { Patience } from './support/patience';
import type { Tab } from './support/tab';
import { Wire } from './support/wire';

const MISSED = 'Checking for missed messages …';

jest.setTimeout(240_000);

describe('while a reachable server has a fault, the page', () => {
  let bench: Bench;
  let ada: Person;
  let ben: Person;
  let conversationId: string;
  let tab: Tab;
  let wire: Wire;
  beforeAll(async () => {
    bench = await Bench.open();
    ada = await signUp(bench.url, { displayName: 'Ada' });
    ben = await signUp(bench.url, { displayName: 'Ben' });
    conversationId = await ada.direct(ben);
    await ada.send(conversationId, 'Hello Ben!');
    tab = await bench.visit();
    wire = await Wire.of(tab.page);
    await tab.goTo('/');
    await tab.signIn(ben);
    await tab.openConversation(/Ada/);
    await tab.shows(['Hello Ben!']);
  });
  afterAll(() => bench.close());

  const isMaintenance = async (word: 'on' | 'off'): Promise<void> => {
    const { answer } = await commandOf({ DATABASE_URL: bench.database.url }, 'maintenance', word);
    expect(answer).toMatchObject({ maintenance: word === 'on' });
  };
  const stored = async (): Promise<string[]> => {
    const { body } = await ada.call('GET', `/conversations/${conversationId}/messages?limit=200`);
    return body.items.map((message: { body: string }) => message.body);
  };

  it('warns of missing messages only after a while', async () => {
    const quiet = await bench.visit();
    const patience = await Patience.of(quiet.page, 1_000);
    const toServer = await Wire.of(quiet.page);
    await quiet.page.addInitScript((text) => {
      new MutationObserver(() => {
        if (document.body?.innerText.includes(text)) reportError(new Error('it was said'));
      }).observe(document, { subtree: true, childList: true, characterData: true });
    }, MISSED);
    await quiet.goTo('/');
    await quiet.signIn(ben);
    await quiet.openConversation(/Ada/);
    await quiet.shows(['Hello Ben!']);
    await quiet.page.reload();
    await quiet.shows(['Hello Ben!']);
    // This simulates a return to the tab.
    const letGo = toServer.hold('conversation:sync');
    await quiet.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    await until('it to be asked for', () => toServer.hasHeld);
    expect(quiet.faults).toEqual([]);

    await patience.end();
    await quiet.page.getByRole('status').getByText(MISSED).waitFor();
    letGo();
    await quiet.page.getByText(MISSED).waitFor({ state: 'detached' });
    await quiet.context.close();
  });

  it('shows that it missed messages, and then shows each of them once in its place', async () => {
    const letGo = wire.hold('conversation:sync');
    wire.loseNext('message:created');
    await ada.send(conversationId, 'This one is lost on the way.');
    await until('the event to be lost', () => wire.hasLost);
    await ada.send(conversationId, 'This one arrives.');

    await tab.page.getByRole('status').getByText(MISSED).waitFor();
    await until('it to be asked for', () => wire.hasHeld);
    // No message is shown in a place that may belong to another one.
    expect(await tab.texts()).toEqual(['Hello Ben!']);

    letGo();
    await tab.shows(['Hello Ben!', 'This one is lost on the way.', 'This one arrives.']);
    await tab.page.getByText(MISSED).waitFor({ state: 'detached' });
  });

  it('announces maintenance, keeps messages that are written meanwhile, and sends them once afterwards', async () => {
    const before = await stored();
    await isMaintenance('on');
    await tab.page
      .getByRole('status')
      .getByText('The server is under maintenance. You can read. Your messages are kept on this device')
      .waitFor();
    expect(await tab.composer.getAttribute('placeholder')).toBe('Write a message to send later');
    await tab.composer.fill('Written meanwhile');
    await tab.button('Send later').click();
    await tab.row('Written meanwhile').getByText('Waiting to be sent').waitFor();
    await tab.page.reload();
    await tab.sees(/^The server is under maintenance/);
    await tab.row('Written meanwhile').getByText('Waiting to be sent').waitFor();
    expect(await stored()).toEqual(before);

    await isMaintenance('off');
    await tab.page.getByText(/^The server is under maintenance/).waitFor({ state: 'detached' });
    await tab.hasSent();
    await tab.say('Written afterwards');
    await tab.hasSent();
    const after = [...before, 'Written meanwhile', 'Written afterwards'];
    await tab.shows(after);
    await until('both to be stored', async () => (await stored()).length >= after.length);
    expect(await stored()).toEqual(after);
    await tab.button('Send').waitFor();
    expect(tab.faults).toEqual([]);
  });
});
