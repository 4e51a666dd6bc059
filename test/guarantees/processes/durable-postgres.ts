import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killQuietly, query } from '../../support/embedded-postgres-processes';
import { until } from '../../support/until';
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '../../../src/platform/embedded-postgres/embedded-postgres';

/** A separate, durable PostgreSQL that a test can kill. It restarts by itself. */
export class DurablePostgres {
  private constructor(
    private readonly postgres: EmbeddedPostgres,
    private readonly directory: string,
  ) {}

  static async start(): Promise<DurablePostgres> {
    const directory = mkdtempSync(join(tmpdir(), 'xfchat-durable-'));
    return new DurablePostgres(await startEmbeddedPostgres({ directory }), directory);
  }

  get url(): string {
    return this.postgres.url('postgres');
  }

  /** Kills all of its processes at once, before they can write anything. Resolves when it answers again. */
  async kill(): Promise<void> {
    const { pid } = this.postgres;
    const processes = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number))
      .filter(([own, parent]) => own === pid || parent === pid)
      .map(([own]) => own!);
    for (const own of processes) killQuietly(own);
    await until('another server', () => this.postgres.pid !== pid && this.postgres.pid !== 0, 30_000);
    await until('the database', async () => query(this.url, 'select').then(Boolean, () => false), 30_000);
  }

  async stop(): Promise<void> {
    await this.postgres.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
