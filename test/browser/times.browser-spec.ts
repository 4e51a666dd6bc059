import { withClient } from '../support/databases';
import { signUp, type Person } from '../support/people';
import { Bench } from './support/bench';

/** Half an hour before midnight in London, in a past year. */
const SAID_AT = '2024-03-09T23:30:00.000Z';

jest.setTimeout(240_000);

describe('times', () => {
  let bench: Bench;
  let ada: Person;
  let conversationId: string;
  beforeAll(async () => {
    bench = await Bench.open();
    ada = await signUp(bench.url, { displayName: 'Ada' });
    conversationId = await ada.group();
    await ada.send(conversationId, 'a while ago');
    await withClient(bench.database.url, (client) =>
      client.query('update chat_messages set created_at = $1', [SAID_AT]),
    );
    await ada.send(conversationId, 'now');
  });
  afterAll(() => bench.close());

  it.each([
    {
      locale: 'en-US',
      timezoneId: 'America/New_York',
      day: 'March 9, 2024',
      time: /^6:30.PM$/,
      today: 'Today',
    },
    { locale: 'de-DE', timezoneId: 'Europe/Berlin', day: '10. März 2024', time: /^00:30$/, today: 'Heute' },
    { locale: 'ja-JP', timezoneId: 'Asia/Tokyo', day: '2024年3月10日', time: /^8:30$/, today: '今日' },
  ])(
    'are shown in the viewer’s time zone and locale: $locale in $timezoneId',
    async ({ day, time, today, ...viewer }) => {
      const tab = await bench.visit(viewer);
      await tab.signIn(ada);
      await tab.openConversation(/a group/);
      const row = tab.row('a while ago');
      expect(await row.locator('time').innerText()).toMatch(time);
      expect(await row.locator('time').getAttribute('datetime')).toBe(SAID_AT);
      expect(await tab.page.locator('.messages .day').allInnerTexts()).toEqual([day, today]);
      expect(tab.faults).toEqual([]);
      await tab.context.close();
    },
  );
});
