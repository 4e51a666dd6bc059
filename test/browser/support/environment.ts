import NodeEnvironment from 'jest-environment-node';
import type { Page } from 'playwright-core';

interface FailedTest {
  /** Each error, or a pair of an error and the place of the test. */
  readonly errors: unknown[];
}

/** Adds to the message of each failed test the address and the content of every open page. */
export default class BrowserEnvironment extends NodeEnvironment {
  private readonly pages = new Set<Page>();

  constructor(...parameters: ConstructorParameters<typeof NodeEnvironment>) {
    super(...parameters);
    this.global.pages = this.pages;
  }

  async handleTestEvent({ name, test, error }: { name: string; test?: FailedTest; error?: unknown }) {
    if (name !== 'test_fn_failure' && !(name === 'hook_failure' && test)) return;
    const shown = await Promise.all([...this.pages].filter((page) => !page.isClosed()).map(describe));
    const text = shown.map((page, index) => `\n\nPage ${index + 1}: ${page}`).join('');
    for (const each of [error, test!.errors.flat()].flat())
      if (isError(each) && !each.message.includes(text)) {
        const { message } = each;
        each.message = message + text;
        each.stack = each.stack?.replace(message, () => each.message);
      }
  }
}

function isError(value: unknown): value is Error {
  return typeof (value as Error | undefined)?.message === 'string';
}

async function describe(page: Page): Promise<string> {
  const content = await page
    .locator('body')
    .ariaSnapshot({ timeout: 5_000 })
    .catch((error: unknown) => `cannot be read: ${String(error)}`);
  return `${page.url()}\n${content}`;
}
