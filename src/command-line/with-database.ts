import type { Configuration } from '../platform/configuration/configuration';
import { loadConfiguration } from '../platform/configuration/load-configuration';
import { verifyDatabase } from '../platform/database/verify-database';
import { openDatabase } from '../database-source';
import { fail, stayAlive } from './output';

const note = (message: string): void => void process.stderr.write(`${message}\n`);

/** Runs a command against the database of the environment; starts the embedded one for it when that is what there is. */
export async function withDatabase(
  work: (url: string, configuration: Configuration) => Promise<void>,
): Promise<void> {
  const release = stayAlive();
  try {
    const configuration = loadConfiguration(process.env);
    const database = await openDatabase(configuration, (level, message) => {
      if (level !== 'info') note(message);
    });
    try {
      await verifyDatabase(database.url, configuration, note);
      await work(database.url, configuration);
    } finally {
      await database.close();
    }
  } catch (error) {
    fail(error);
  } finally {
    release();
  }
}
