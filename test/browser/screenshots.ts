import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContextOptions } from 'playwright-core';
import { stopTestPostgres } from '../support/global-setup';
import { Bench } from './support/bench';
import startTestPostgres from './support/global-setup';
import { SCREENS } from './support/screens';
import { makeWorld } from './support/world';

const FOLDER = join(__dirname, '../../screenshots');
const WIDE = { viewport: { width: 1280, height: 800 } };
const WAYS: Readonly<Record<string, BrowserContextOptions>> = {
  light: { ...WIDE, colorScheme: 'light' },
  dark: { ...WIDE, colorScheme: 'dark' },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: 'light', hasTouch: true, isMobile: true },
  // A browser shows a window of this size at 200 %.
  magnified: { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2, colorScheme: 'dark' },
};

/** Takes screenshots of every screen: light, dark, on a phone, and at 200 %. */
async function takeAll(): Promise<void> {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  await startTestPostgres();
  const bench = await Bench.open();
  try {
    for (const [way, options] of Object.entries(WAYS)) {
      const world = await makeWorld(bench.url);
      const tab = await bench.visit({ ...options, reducedMotion: 'reduce' });
      for (const [index, [name, show]] of SCREENS.entries()) {
        await show(tab, world);
        const number = String(index + 1).padStart(2, '0');
        const path = join(FOLDER, `${way}-${number}-${name.replaceAll(/\W+/g, '-')}.png`);
        await tab.page.screenshot({ path });
      }
      await tab.context.close();
    }
  } finally {
    await bench.close();
    await stopTestPostgres();
  }
  process.stdout.write(`The screenshots are in ${FOLDER}\n`);
}

takeAll().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
