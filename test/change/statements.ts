import type { Client, QueryConfig } from 'pg';
import { DeadlineClient } from '../../src/platform/database/deadline-client';

/** Called before each statement of the program with its number (from 1), its text, and the process id of its backend. */
type Before = (number: number, text: string, backend: number) => Promise<void>;

/** Counts the statements that the program (not the test) sends from now on. @returns a function that stops this */
export function countStatements(client: typeof Client, before: Before): () => void {
  const { prototype } = client;
  const original = prototype.query as (...parameters: unknown[]) => unknown;
  let count = 0;
  prototype.query = async function (this: Client, ...parameters: unknown[]): Promise<unknown> {
    if (this instanceof DeadlineClient) {
      const [config] = parameters as [QueryConfig | string];
      const text = typeof config === 'string' ? config : config.text;
      const { processID } = this as unknown as { processID: number };
      await before(++count, text.trim().replace(/\s+/g, ' ').slice(0, 60), processID);
    }
    return original.apply(this, parameters);
  } as unknown as Client['query'];
  return () => {
    prototype.query = original as Client['query'];
  };
}
