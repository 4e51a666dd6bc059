import { signUp, type Person } from '../support/people';
import { until } from '../support/until';
import { Bench } from './support/bench';
import type { Tab } from './support/tab';

jest.setTimeout(240_000);

describe('a group', () => {
  let bench: Bench;
  let cem: Person;
  let ada: Tab;
  let ben: Tab;
  beforeAll(async () => {
    bench = await Bench.open();
    const people = ['Ada', 'Ben', 'Cem'].map((displayName) => signUp(bench.url, { displayName }));
    const [first, second, third] = (await Promise.all(people)) as [Person, Person, Person];
    cem = third;
    await first.call('POST', '/friend-requests', { recipientId: cem.id });
    await cem.call('POST', '/friend-requests', { recipientId: first.id });
    await first.group(second, cem);
    [ada, ben] = await Promise.all([bench.visit(), bench.visit()]);
    await Promise.all([ada.signIn(first), ben.signIn(second)]);
    await Promise.all([ada.openConversation(/a group/), ben.openConversation(/a group/)]);
    await Promise.all([ada.button('Details').click(), ben.button('Details').click()]);
  });
  afterAll(() => bench.close());

  const answer = async (tab: Tab, question: string, action: string): Promise<void> => {
    await tab.page.getByRole('dialog', { name: question }).getByRole('button', { name: action }).click();
  };
  const hasLeft = (tab: Tab): Promise<true> =>
    until('the group to leave the list', async () => !(await tab.list.innerText()).includes('a group'));

  it('offers members only to leave', async () => {
    await ben.button('Leave group').waitFor();
    for (const name of [/^Remove/, /^Role of/, /^Make owner/, /^Add /, /^Delete/, /^Save/])
      expect([name, await ben.button(name).count()]).toEqual([name, 0]);
  });

  it('lets admins add and remove others, except higher roles', async () => {
    await ada.field('Role of Ben').selectOption('admin');
    await ben.button('Remove Cem').waitFor();
    expect(await ben.button('Remove Ada').count()).toBe(0);
    expect(await ben.button('Make owner Cem').count()).toBe(0);
    await ben.button('Remove Cem').click();
    await ada.button('Remove Cem').waitFor({ state: 'detached' });
    await ada.page.getByText('Participants (2)').waitFor();
    await ada.button('Add Cem').click();
    await ben.button('Remove Cem').waitFor();
    await ben.page.getByText('Participants (3)').waitFor();
  });

  it('can be transferred to another owner, and left', async () => {
    await ada.button('Make owner Ben').click();
    await answer(ada, 'Hand this group over?', 'Cancel');
    await ada.button('Make owner Ben').click();
    await answer(ada, 'Hand this group over?', 'Hand over');
    await ben.button('Delete group').waitFor();
    await ben.field('Role of Ada').waitFor();

    await ada.button('Leave group').click();
    await answer(ada, 'Leave this group?', 'Leave');
    await ben.page.getByText('Participants (2)').waitFor();
    await hasLeft(ada);
    expect(new URL(ada.page.url()).pathname).toBe('/');
  });

  it('can be deleted for everybody', async () => {
    await ben.button('Delete group').click();
    await answer(ben, 'Delete this group?', 'Delete for everybody');
    await hasLeft(ben);
    expect((await cem.call('GET', '/conversations')).body.items).toEqual([
      expect.objectContaining({ type: 'direct' }),
    ]);
    expect([...ada.faults, ...ben.faults]).toEqual([]);
  });
});
