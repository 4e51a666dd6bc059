import type { Locator } from 'playwright-core';
import { until } from '../../support/until';
import type { Tab } from './tab';

/** More steps than any screen of these tests needs. */
const MOST_STEPS = 60;

export function hasFocus(element: Locator): Promise<boolean> {
  return element.evaluate((found) => found === document.activeElement);
}

/** Moves the focus there with the Tab key, and asserts that the focus is visible. */
export async function reach(tab: Tab, element: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  await element.waitFor();
  for (let step = 0; !(await hasFocus(element)); step++) {
    if (step === MOST_STEPS) throw new Error(`the ${key} key does not come to ${String(element)}`);
    await tab.page.keyboard.press(key);
  }
  const outline = await element.evaluate((found) => getComputedStyle(found).outlineStyle);
  if (outline === 'none') throw new Error(`one does not see that ${String(element)} has the focus`);
}

export async function press(tab: Tab, element: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  await reach(tab, element, key);
  await tab.page.keyboard.press('Enter');
}

export async function write(tab: Tab, field: Locator, text: string): Promise<void> {
  await reach(tab, field);
  await tab.page.keyboard.type(text);
}

export async function isBackAt(element: Locator): Promise<void> {
  await until(`the focus to be at ${String(element)}`, () => hasFocus(element));
}
