import {
  createTestDatabase,
  withAdministrator,
  withClient,
  type TestDatabase,
} from '../../support/databases';
import type { Recorder } from '../history/recorder';
import type { Faults } from '../nemesis/nemesis';
import type { RestartableServer } from './restartable-server';

/** The effect of a restore on the messages. */
export interface Loss {
  /** The highest remaining `seq`, by conversation. */
  readonly heads: ReadonlyMap<string, number>;
  /** The lost messages; see `traceOf`. */
  readonly forgotten: ReadonlySet<string>;
}

/** Distinguishes a message from one with its number or its id in another history. */
export const traceOf = ({ id, seq, createdAt }: { id: string; seq: number; createdAt: string }): string =>
  `${seq} ${id} ${createdAt}`;

/**
 * A database that can be copied and replaced by the copy later, as a restore does. A database that
 * is copied must have no connections, so the server stops before and starts again afterwards.
 */
export class RestorableDatabase {
  /** The losses of each restore so far. */
  readonly losses: Loss[] = [];

  private constructor(private readonly live: TestDatabase) {}

  static async create(): Promise<RestorableDatabase> {
    return new RestorableDatabase(await createTestDatabase());
  }

  get url(): string {
    return this.live.url;
  }

  faults(server: RestartableServer, recorder: Recorder): Faults {
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
          const before = await this.messages();
          await this.replace(this.live.name, copy);
          const after = await this.messages();
          const kept = new Set(after.map(traceOf));
          this.losses.push({
            heads: new Map(after.map(({ conversationId, seq }) => [conversationId, seq])),
            forgotten: new Set(before.map(traceOf).filter((trace) => !kept.has(trace))),
          });
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

  private async messages(): Promise<
    { id: string; conversationId: string; seq: number; createdAt: string }[]
  > {
    const { rows } = await withClient(this.live.url, (client) =>
      client.query<{ id: string; conversation_id: string; seq: number; created_at: Date }>(
        'select id, conversation_id, seq::integer, created_at from chat_messages order by seq',
      ),
    );
    return rows.map(({ id, conversation_id: conversationId, seq, created_at: createdAt }) => {
      return { id, conversationId, seq, createdAt: createdAt.toISOString() };
    });
  }

  private replace(name: string, template: string): Promise<void> {
    return withAdministrator(async (client) => {
      await client.query(`drop database if exists ${name} with (force)`);
      // The connections of a killed server end by themselves, a moment later.
      await client.query(`select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = $1`, [
        template,
      ]);
      await client.query(`create database ${name} template ${template}`);
    });
  }
}
