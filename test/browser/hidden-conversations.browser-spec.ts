import { signUp, type Person } from '../support/people';
import { until } from '../support/until';
import { Bench } from './support/bench';
import type { Tab } from './support/tab';

jest.setTimeout(240_000);

describe('a hidden conversation', () => {
  let bench: Bench;
  let ada: Person;
  let ben: Person;
  let conversationId: string;
  let desk: Tab;
  let telephone: Tab;
  beforeAll(async () => {
    bench = await Bench.open();
    ada = await signUp(bench.url, { displayName: 'Ada' });
    ben = await signUp(bench.url, { displayName: 'Ben' });
    conversationId = await ada.direct(ben);
    await ben.send(conversationId, 'before');
    [desk, telephone] = await Promise.all([bench.visit(), bench.visit()]);
    await Promise.all([desk.signIn(ada), telephone.signIn(ada)]);
    await Promise.all([desk.openConversation(/Ben/), telephone.openConversation(/Ben/)]);
  });
  afterAll(() => bench.close());

  const hide = async (tab: Tab): Promise<void> => {
    await tab.button('Details').click();
    await tab.button('Hide conversation').click();
    const question = tab.page.getByRole('dialog', { name: 'Hide this conversation?' });
    await question.getByRole('button', { name: 'Hide' }).click();
  };
  const entry = (tab: Tab) => tab.list.getByRole('link', { name: /Ben/ });
  const hasLeft = (tab: Tab): Promise<void> => entry(tab).waitFor({ state: 'detached' });

  it('disappears from the list on every device, and returns with the next message', async () => {
    await telephone.goTo('/');
    await entry(telephone).waitFor();
    await hide(desk);
    await Promise.all([hasLeft(desk), hasLeft(telephone)]);
    await until('the address of the list', () => new URL(desk.page.url()).pathname === '/');
    await ben.send(conversationId, 'after');
    await Promise.all([entry(desk).waitFor(), entry(telephone).waitFor()]);
    await telephone.openConversation(/Ben/);
    await telephone.shows(['before', 'after']);
  });

  it('disappears also from a device that was offline meanwhile', async () => {
    await telephone.goTo('/');
    await entry(telephone).waitFor();
    await telephone.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    await telephone.context.setOffline(true);
    await desk.openConversation(/Ben/);
    await hide(desk);
    await hasLeft(desk);
    expect(await entry(telephone).count()).toBe(1);
    await telephone.context.setOffline(false);
    await hasLeft(telephone);
  });

  it('stays usable on a device where it is open, and returns with a message from there', async () => {
    await telephone.goTo(`/c/${conversationId}`);
    await telephone.shows(['before', 'after']);
    expect(await entry(telephone).count()).toBe(0);
    await telephone.say('once more');
    await telephone.hasSent();
    await Promise.all([entry(desk).waitFor(), entry(telephone).waitFor()]);
  });

  it('stays open on another device that shows it', async () => {
    await telephone.goTo(`/c/${conversationId}`);
    await telephone.shows(['before', 'after', 'once more']);
    await telephone.composer.fill('and again');
    await desk.openConversation(/Ben/);
    await hide(desk);
    await hasLeft(telephone);
    await telephone.shows(['before', 'after', 'once more']);
    expect(await telephone.composer.inputValue()).toBe('and again');
    await telephone.composer.press('Enter');
    await telephone.hasSent();
    await entry(desk).waitFor();
    expect([...desk.faults, ...telephone.faults]).toEqual([]);
  });

  it('closes for a user who is removed from the group while reading', async () => {
    const group = await ben.group(ada);
    await telephone.openConversation(/a group/);
    await ben.call('DELETE', `/conversations/${group}/participants/${ada.id}`);
    await telephone.sees('This conversation does not exist, or you are not in it.');
    expect(telephone.faults).toEqual([]);
  });

  it('is hidden also when the user chooses that while its participants are still loading', async () => {
    await ben.send(conversationId, 'once more');
    await desk.goTo('/');
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    await desk.page.route('**/participants', async (route) => {
      await held;
      await route.continue().catch(() => undefined);
    });
    await desk.openConversation(/Ben/);
    await hide(desk);
    await hasLeft(desk).finally(letGo);
    await desk.page.unroute('**/participants');
  });
});
