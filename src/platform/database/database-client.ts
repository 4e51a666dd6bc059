import { Client, type ClientConfig } from 'pg';
import { pinnedOptions } from './session-settings';

export interface DatabaseClientConfig extends ClientConfig {
  /** A pooler in transaction mode answers; it refuses settings at connect. */
  isPooler?: boolean;
}

/**
 * A connection whose session has the settings that XFChat relies on, whatever the defaults of the database, the role,
 * the URL and the environment are. Every connection of the program is one of these.
 */
export class DatabaseClient extends Client {
  constructor(config: DatabaseClientConfig) {
    super(config);
    if (config.isPooler) return;
    // Settings of the URL, the configuration or PGOPTIONS come first; ours override them.
    const { connectionParameters } = this as unknown as { connectionParameters: { options?: string } };
    connectionParameters.options = pinnedOptions(connectionParameters.options);
  }
}
