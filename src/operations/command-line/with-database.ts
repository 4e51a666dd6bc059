import type { Configuration } from '../../platform/configuration/configuration';
import { loadConfiguration } from '../../platform/configuration/load-configuration';
import { verifyDatabase, verifyDirectly } from '../../platform/database/verify-database';
import { joinDatabase } from '../../platform/database/database-source';
import { fail, note, stayAlive } from './output';

/**
 * Runs a command with the configured database. Starts the embedded one, or shares it with the server that has
 * started it.
 */
export async function withDatabase(
  work: (url: string, configuration: Configuration, isEmbedded: boolean) => Promise<void>,
): Promise<void> {
  const release = stayAlive();
  try {
    const configuration = loadConfiguration(process.env);
    const database = await joinDatabase(configuration, (level, message) => {
      if (level !== 'info') note(message);
    });
    try {
      await verifyDatabase(database.url, configuration, note);
      await verifyDirectly(configuration, note);
      await work(database.url, configuration, database.isEmbedded);
    } finally {
      await database.close();
    }
  } catch (error) {
    fail(error);
  } finally {
    release();
  }
}
