import {
  createTestDatabase,
  withAdministrator,
  withClient,
  type TestDatabase,
} from '../../support/databases';
import type { Recorder } from '../history/recorder';
import type { Faults } from '../nemesis/nemesis';
import type { ServerProcess } from './server-process';

/**
 * A database of which a copy is taken, and to which that copy is brought back later, as a restore does. A database that
 * is copied must have no connections, so the server ends before and begins again afterwards.
 */
export class RestorableDatabase {
  private constructor(private readonly live: TestDatabase) {}

  static async create(): Promise<RestorableDatabase> {
    return new RestorableDatabase(await createTestDatabase());
  }

  get url(): string {
    return this.live.url;
  }

  faults(server: ServerProcess, recorder: Recorder): Faults {
    const copy = `${this.live.name}_copy`;
    const withoutServer = async (op: 'backup' | 'restore', work: () => Promise<void>): Promise<void> => {
      await recorder.perform('operator', op, 'database', {}, async () => {
        await server.kill();
        await work();
        await server.start();
        return { type: 'ok', value: {} };
      });
    };
    return {
      'back up database': () =>
        withoutServer('backup', async () => {
          await this.replace(copy, this.live.name);
        }),
      'restore database': () =>
        withoutServer('restore', async () => {
          await this.replace(this.live.name, copy);
          await withClient(this.live.url, (client) =>
            client.query('update database_state set epoch = epoch + 1'),
          );
        }),
    };
  }

  async drop(): Promise<void> {
    await withAdministrator(async (client) => {
      await client.query(`drop database if exists ${this.live.name}_copy with (force)`);
    });
    await this.live.drop();
  }

  private replace(name: string, template: string): Promise<void> {
    return withAdministrator(async (client) => {
      await client.query(`drop database if exists ${name} with (force)`);
      // The connections of a server that was killed end by themselves, a moment later.
      await client.query(`select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = $1`, [
        template,
      ]);
      await client.query(`create database ${name} template ${template}`);
    });
  }
}
