import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContextOptions } from 'playwright-core';
import { RestartableServer } from '../../guarantees/processes/restartable-server';
import { createTestDatabase, type TestDatabase } from '../../support/databases';
import { chromiumPath } from './chromium';
import { Tab } from './tab';

/** A built server with its own database, and a browser. */
export class Bench {
  private constructor(
    readonly server: RestartableServer,
    readonly database: TestDatabase,
    private readonly browser: Browser,
    private readonly directory: string,
  ) {}

  /** @param program of the server; the one that is built here by default */
  static async open(environment: Record<string, string> = {}, program?: string): Promise<Bench> {
    const directory = mkdtempSync(join(tmpdir(), 'xfchat-browser-'));
    const database = await createTestDatabase();
    const settings = { DATABASE_URL: database.url, CANARY_INTERVAL_MS: '0', ...environment };
    const [server, browser] = await Promise.all([
      RestartableServer.start(directory, settings, program),
      chromium.launch({
        executablePath: chromiumPath(),
        args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
      }),
    ]);
    return new Bench(server, database, browser, directory);
  }

  get url(): string {
    return this.server.url;
  }

  /** Opens a separate browser context with one tab, which shares nothing with the others. */
  async visit(options: BrowserContextOptions = {}): Promise<Tab> {
    const context = await this.browser.newContext({
      locale: 'en-GB',
      timezoneId: 'Europe/Berlin',
      ...options,
    });
    context.setDefaultTimeout(45_000);
    return Tab.open(context, this.url);
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.server.stop();
    await this.database.drop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
