import { stopTestPostgres } from '../support/global-setup';
import { signUp } from '../support/people';
import { Bench } from './support/bench';
import { watchFrames, type Frames } from './support/frames';
import startTestPostgres from './support/global-setup';
import { fillHistory } from './support/long-history';
import type { Tab } from './support/tab';

const COUNT = 10_000;
/** The distance of one turn of the wheel, in pixels. */
const TURN = 1_200;
/** The processor at full speed, and throttled as by the developer tools, like an older phone. */
const SLOWDOWNS = [1, 4];

/** Scrolls through a long conversation with the wheel, and prints how smooth that was. */
async function measure(): Promise<void> {
  await startTestPostgres();
  const bench = await Bench.open();
  try {
    const [ada, ben] = [
      await signUp(bench.url, { displayName: 'Ada' }),
      await signUp(bench.url, { displayName: 'Ben' }),
    ];
    const id = await ben.group(ada);
    await fillHistory(bench.database.url, id, ben, COUNT);
    for (const slowdown of SLOWDOWNS) {
      const tab = await bench.visit({ viewport: { width: 1280, height: 800 } });
      await tab.signIn(ada);
      await tab.goTo(`/c/${id}`);
      await tab.row(`number ${COUNT}`).first().waitFor();
      const developer = await tab.context.newCDPSession(tab.page);
      await developer.send('Emulation.setCPUThrottlingRate', { rate: slowdown });
      print(`processor / ${slowdown}, up`, await scroll(tab, -TURN, isAtBeginning));
      print(`processor / ${slowdown}, down`, await scroll(tab, TURN, isAtEnd));
      await tab.context.close();
    }
  } finally {
    await bench.close();
    await stopTestPostgres();
  }
}

async function scroll(tab: Tab, turn: number, isThere: (tab: Tab) => Promise<boolean>): Promise<Frames> {
  await tab.page.locator('.messages').hover();
  const stop = await watchFrames(tab.page);
  do {
    for (let turns = 0; turns < 20; turns++) await tab.page.mouse.wheel(0, turn);
  } while (!(await isThere(tab)));
  return stop();
}

function isAtBeginning(tab: Tab): Promise<boolean> {
  return tab.page.evaluate(() => {
    const { innerText, scrollTop } = document.querySelector<HTMLElement>('.messages')!;
    return scrollTop === 0 && innerText.includes('This is where the conversation begins.');
  });
}

async function isAtEnd(tab: Tab): Promise<boolean> {
  return (await tab.button('Newest messages').count()) === 0;
}

function print(what: string, { intervals, tasks, mostRows, mostElements }: Frames): void {
  const seconds = intervals.reduce((sum, interval) => sum + interval, 0) / 1_000;
  const busy = tasks.reduce((sum, task) => sum + task, 0) / 1_000;
  const over = (limit: number): number => tasks.filter((task) => task > limit).length;
  const lines = [
    `${what}: ${COUNT} messages in ${seconds.toFixed(0)} s`,
    `  the page's tasks: ${busy.toFixed(1)} s of the processor; of ${tasks.length} tasks ${over(1000 / 60)} over 16.7 ms, ` +
      `${over(50)} over 50 ms; 99 % within ${at(tasks, 0.99)} ms, the longest ${at(tasks, 1)} ms`,
    `  ${intervals.length} frames, from one to the next ${at(intervals, 0.5)} ms (median), ` +
      `${at(intervals, 0.95)} ms (95 %), ${at(intervals, 0.99)} ms (99 %)`,
    `  never more than ${mostRows} messages and ${mostElements} elements`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function at(ascending: readonly number[], share: number): string {
  return (ascending[Math.floor((ascending.length - 1) * share)] ?? 0).toFixed(1);
}

measure().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
