import type { Tab } from './tab';
import type { World } from './world';

/** Every screen with the steps that lead to it from the previous one. The sign-in comes first. */
export const SCREENS: readonly (readonly [name: string, show: (tab: Tab, world: World) => Promise<void>])[] =
  [
    ['sign in', async (tab) => tab.button('Sign in').waitFor()],
    [
      'sign up, refused',
      async (tab, { me }) => {
        await tab.button('Create an account').click();
        await tab.field('Username').fill(me.username);
        await tab.field('Password').fill('long enough for everybody');
        await tab.button('Create account').click();
        await tab.sees('This username is already taken.');
      },
    ],
    [
      'conversations',
      async (tab, { me }) => {
        await tab.goTo('/');
        await tab.signIn(me);
        await tab.list.getByRole('link', { name: /^Ben Babbage/ }).waitFor();
      },
    ],
    [
      'search results',
      async (tab) => {
        await tab.page.getByRole('searchbox', { name: 'Search' }).fill('tea');
        await tab.page.getByRole('list', { name: 'Messages found' }).getByRole('link').first().waitFor();
      },
    ],
    [
      'conversation',
      async (tab, { direct }) => {
        await tab.goTo(`/c/${direct}`);
        await tab.row('Gladly. I bring the tea.').waitFor();
      },
    ],
    [
      'writing an answer',
      async (tab) => {
        await tab.doTo('Gladly', 'Reply');
        await tab.composer.fill('With milk?');
      },
    ],
    [
      'choosing a reaction',
      async (tab) => {
        await tab.doTo('Gladly', 'React');
        await tab.field('Another emoji').fill('🫖');
      },
    ],
    [
      'pinned messages',
      async (tab, { direct }) => {
        await tab.goTo(`/c/${direct}`);
        await tab.page.getByRole('button', { name: /^Pinned/ }).click();
        await tab.page.getByRole('dialog').getByText('Unpin').waitFor();
      },
    ],
    [
      'versions',
      async (tab) => {
        await tab.page.keyboard.press('Escape');
        await tab.button('edited').click();
        await tab.page.getByRole('dialog').locator('ins').first().waitFor();
      },
    ],
    [
      'edit conflict',
      async (tab, { me, direct }) => {
        await tab.goTo(`/c/${direct}`);
        await tab.row('Shall we mend it').waitFor();
        await tab.doTo('Shall we mend it', 'Edit');
        const id = await tab.row('Shall we mend it').getAttribute('data-id');
        await me.call('PUT', `/conversations/${direct}/messages/${id}`, {
          body: `Shall we mend it together on Friday? (${Date.now()})`,
        });
        await tab.row('on Friday?').waitFor();
        await tab.composer.fill('Shall we mend it together on Saturday?');
        await tab.composer.press('Enter');
        await tab.page.getByRole('dialog').waitFor();
      },
    ],
    [
      'group',
      async (tab, { group }) => {
        await tab.goTo(`/c/${group}`);
        await tab.row('Good morning!').waitFor();
        await tab.row('Who counts them?').waitFor();
      },
    ],
    [
      'about a group',
      async (tab) => {
        await tab.button('Details').click();
        await tab.field('Group name').waitFor();
      },
    ],
    [
      'odd texts',
      async (tab, { odd }) => {
        await tab.goTo(`/c/${odd}`);
        await tab.row('a quote in forty others').waitFor();
        await tab.row('What was the last thing').scrollIntoViewIfNeeded();
      },
    ],
    [
      'odd texts, the marks',
      async (tab) => {
        await tab.row('piled').first().hover();
        await tab.row('the line after').focus();
      },
    ],
    ['odd texts, the beginning', async (tab) => tab.row('a quote in forty others').scrollIntoViewIfNeeded()],
    [
      'answering an odd text',
      async (tab) => {
        await tab.doTo('piled', 'Reply');
        await tab.composer.fill(`${'\u0301'.repeat(200)} ${'W'.repeat(300)}`);
      },
    ],
    [
      'odd names',
      async (tab) => {
        await tab.button('Details').click();
        await tab.button('Remove ...').waitFor();
      },
    ],
    ['odd names, the end', async (tab) => tab.button('Delete group').scrollIntoViewIfNeeded()],
    [
      'friends',
      async (tab, { kim }) => {
        await tab.goTo('/friends');
        await tab.button('Accept Kim').waitFor();
        // The page shows only the first usernames that start with the query.
        await tab.field('Find people').fill(kim.username);
        await tab.sees('Wants to be friends');
      },
    ],
    [
      'asking somebody',
      async (tab, { sam }) => {
        await tab.goTo('/friends');
        await tab.field('Find people').fill(sam.username);
        await tab.button('Add friend Sam').click();
        await tab.field('Message (optional)').fill('We met at the exhibition.');
      },
    ],
    [
      'new group',
      async (tab) => {
        await tab.goTo('/new-group');
        await tab.page.getByRole('checkbox', { name: /Ben/ }).check();
      },
    ],
    [
      'settings',
      async (tab) => {
        await tab.goTo('/settings');
        await tab.sees('(this device)');
      },
    ],
    [
      'without a connection',
      async (tab, { direct }) => {
        await tab.goTo(`/c/${direct}`);
        await tab.row('Gladly. I bring the tea.').waitFor();
        await tab.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
        await tab.context.setOffline(true);
        await tab.page.reload();
        await tab.sees(/^No connection/);
        await tab.say('Is anybody there?');
        await tab.row('Is anybody there?').getByText('Waiting to be sent').waitFor();
      },
    ],
  ];
