import { signUp, type Person } from '../support/people';
import { until } from '../support/until';
import { Bench } from './support/bench';
import { Installation } from './support/installation';
import type { Tab } from './support/tab';

const NEWS = 'A new version of this page is available.';

jest.setTimeout(240_000);

describe('a server that is upgraded under open pages', () => {
  let installation: Installation;
  let bench: Bench;
  let ada: Person;
  let conversationId: string;
  beforeAll(async () => {
    installation = new Installation();
    bench = await Bench.open({}, installation.program);
    ada = await signUp(bench.url, { displayName: 'Ada' });
    conversationId = await ada.direct(await signUp(bench.url, { displayName: 'Ben' }));
  });
  afterAll(async () => {
    await bench.close();
    installation.remove();
  });

  /** The script that the page runs. */
  const script = (tab: Tab): Promise<string> =>
    tab.page.evaluate(() => document.querySelector<HTMLScriptElement>('script[type=module]')!.src);

  // A service worker answers for the server if it can. Without one (without TLS), the page requests everything itself.
  it.each(['allow', 'block'] as const)(
    'is announced by the page, which then loads the new client with its drafts and queue (workers: %s)',
    async (serviceWorkers) => {
      const tab = await bench.visit({ serviceWorkers });
      await tab.signIn(ada);
      await tab.openConversation(/Ben/);
      if (serviceWorkers === 'allow')
        await tab.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
      const [old, said] = [await script(tab), `Written meanwhile (${serviceWorkers})`];
      await bench.server.stop();
      await tab.sees(/^No connection/);
      await tab.say(said);
      await tab.row(said).getByText('Waiting to be sent').waitFor();
      await tab.composer.fill('Not finished');
      installation.upgrade(serviceWorkers);
      await bench.server.start();

      await tab.page.getByRole('status').getByText(NEWS).waitFor();
      await tab.hasSent();
      // The old page continues to work for any time.
      expect([await script(tab), await tab.composer.inputValue()]).toEqual([old, 'Not finished']);

      const asked = tab.page.waitForEvent('requestfinished', (request) =>
        request.url().endsWith('/index.html'),
      );
      await tab.button('Reload').click();
      await tab.row(said).waitFor();
      expect(await script(tab)).not.toBe(old);
      expect(await script(tab)).toContain(`/assets/${serviceWorkers}-`);
      expect(await tab.composer.inputValue()).toBe('Not finished');
      await asked;
      await tab.say('Finished');
      await tab.hasSent();
      expect(await tab.page.getByText(NEWS).count()).toBe(0);
      expect(tab.faults).toEqual([]);
      const { body } = await ada.call('GET', `/conversations/${conversationId}/messages`);
      expect(body.items.filter((message: { body: string }) => message.body === said)).toHaveLength(1);
      await tab.context.close();
    },
  );

  it('makes a page reload that lacks its script', async () => {
    const tab = await bench.visit({ serviceWorkers: 'block' });
    await tab.button('Sign in').waitFor();
    let asked = 0;
    await tab.page.route(/\/assets\/.*\.js$/, async (route) => {
      if (asked++ === 0)
        await route.fulfill({ status: 404, contentType: 'application/problem+json', body: '{}' });
      else await route.continue();
    });
    await tab.goTo('/');
    await tab.button('Sign in').waitFor();
    await until('the script to be asked for twice', () => asked === 2);
    expect(tab.faults).toEqual([]);
  });
});
