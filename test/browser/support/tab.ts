import type { BrowserContext, Locator, Page } from 'playwright-core';
import { PASSWORD, type Person } from '../../support/people';
import { until } from '../../support/until';

/** Messages of the browser itself about failed requests without a server, and about a socket that a server closes. */
const EXPECTED =
  /Failed to load resource|WebSocket connection|WebSocket is already in CLOSING or CLOSED|net::ERR/;

/** Enough for a busy machine. */
const PATIENCE_MS = 60_000;

/** The environment of the tests prints these pages when a test fails. */
const { pages } = globalThis as unknown as { pages?: Set<Page> };

/** A page of the client, which a test uses as a person does: it reads, presses and types. */
export class Tab {
  /** Errors of the page, and violations of its content security policy. */
  readonly faults: string[] = [];

  private constructor(
    readonly page: Page,
    readonly context: BrowserContext,
    private readonly url: string,
  ) {
    pages?.add(page);
    page.on('pageerror', (error) => this.faults.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error' && !EXPECTED.test(message.text())) this.faults.push(message.text());
    });
  }

  static async open(context: BrowserContext, url: string, path = '/'): Promise<Tab> {
    const tab = new Tab(await context.newPage(), context, url);
    await tab.goTo(path);
    return tab;
  }

  /** Opens another tab of the same browser. */
  another(path = '/'): Promise<Tab> {
    return Tab.open(this.context, this.url, path);
  }

  async goTo(path: string): Promise<void> {
    await this.page.goto(this.url + path);
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  link(name: string | RegExp): Locator {
    return this.page.getByRole('link', { name });
  }

  field(label: string | RegExp): Locator {
    return this.page.getByLabel(label);
  }

  async sees(text: string | RegExp): Promise<void> {
    await this.page.getByText(text).first().waitFor();
  }

  async signUp(username: string, displayName: string): Promise<void> {
    await this.button('Create an account').click();
    await this.field('Username').fill(username);
    await this.field(/Display name/).fill(displayName);
    await this.field('Password').fill(PASSWORD);
    await this.button('Create account').click();
    await this.link(/Friends/).waitFor();
  }

  async signIn(person: Person): Promise<void> {
    await this.field('Username or e-mail').fill(person.username);
    await this.field('Password').fill(PASSWORD);
    await this.button('Sign in').click();
    await this.link(/Friends/).waitFor();
  }

  /** The list of conversations. */
  get list(): Locator {
    return this.page.getByRole('navigation', { name: 'Conversations' });
  }

  async openConversation(title: string | RegExp): Promise<void> {
    await this.list.getByRole('link', { name: title }).click();
    await this.composer.waitFor();
  }

  get composer(): Locator {
    return this.page.getByRole('textbox', { name: /^(Write to|Edit message)/ });
  }

  async say(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press('Enter');
  }

  /** Waits until no message is pending. */
  async hasSent(): Promise<void> {
    await until(
      'everything to be sent',
      async () => (await this.rows.getByText('Waiting to be sent').count()) === 0,
      PATIENCE_MS,
    );
  }

  get rows(): Locator {
    return this.page.getByRole('list', { name: 'Messages' }).locator('[data-id]');
  }

  row(text: string): Locator {
    return this.rows.filter({ hasText: text });
  }

  /** Presses a button beside a message. */
  async doTo(text: string, action: string): Promise<void> {
    const row = this.row(text).last();
    await row.hover();
    await row.focus(); // for devices without hover
    await row.getByRole('button', { name: action, exact: true }).click();
  }

  /** The texts of the shown messages, from top to bottom. */
  texts(): Promise<string[]> {
    return this.rows.locator('.text').allInnerTexts();
  }

  async shows(texts: readonly string[]): Promise<void> {
    const wanted = JSON.stringify(texts);
    const isSo = async (): Promise<boolean> => JSON.stringify(await this.texts()) === wanted;
    await until('the messages', isSo, PATIENCE_MS).catch(async () =>
      expect(await this.texts()).toEqual(texts),
    );
  }
}
