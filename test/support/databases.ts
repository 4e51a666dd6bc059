import { randomBytes } from 'node:crypto';
import { Client } from 'pg';

export const TEMPLATE = 'xfchat_template';

/** The URL of another database on the test server. */
export function databaseUrl(database: string): string {
  const url = new URL(process.env.TEST_POSTGRES_URL!);
  url.pathname = `/${database}`;
  return url.toString();
}

export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

export function withAdministrator<T>(work: (client: Client) => Promise<T>): Promise<T> {
  return withClient(process.env.TEST_POSTGRES_URL!, work);
}

export interface TestDatabase {
  readonly url: string;
  readonly name: string;
  drop(): Promise<void>;
}

/** Creates a database for one test file: a copy of the migrated template or of another database (some 50 ms), or an empty one. */
export async function createTestDatabase(
  options: { empty?: boolean; template?: string } = {},
): Promise<TestDatabase> {
  const name = `xfchat_t_${randomBytes(6).toString('hex')}`;
  const template = options.empty ? 'template1' : (options.template ?? process.env.TEST_TEMPLATE!);
  await withAdministrator((client) => client.query(`create database ${name} template ${template}`));
  return {
    url: databaseUrl(name),
    name,
    drop: () =>
      withAdministrator(async (client) => {
        await client.query(`drop database if exists ${name} with (force)`);
      }),
  };
}
