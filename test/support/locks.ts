import type { Client } from 'pg';
import { withClient } from './databases';
import type { TestServer } from './test-server';
import { until } from './until';

/** Locks the conversation's row, as a long transaction would, until `work` is done. */
export async function whileLocked(
  server: TestServer,
  conversationId: string,
  work: (client: Client) => Promise<void>,
): Promise<void> {
  await withClient(server.database.url, async (client) => {
    await client.query('begin');
    await client.query('select from conversations where id = $1 for no key update', [conversationId]);
    await work(client);
    await client.query('commit');
  });
}

/** Waits until a statement waits for a lock. It needs another connection, because the view is fixed within a transaction. */
export async function aStatementWaits(server: TestServer): Promise<void> {
  await until('a statement to wait for a lock', async () => {
    const rows = await server.dataSource.query<unknown[]>(
      `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return rows.length > 0;
  });
}
