import type { Socket } from 'node:net';
import { Client, Connection, type ClientConfig } from 'pg';
import { pinnedOptions } from './session-settings';
import { tlsSettings } from './tls';

export interface DatabaseClientConfig extends ClientConfig {
  /** A pooler in transaction mode answers; it refuses settings at connect. */
  isPooler?: boolean;
}

/**
 * A connection whose session has the settings that XFChat relies on, whatever the defaults of the database, the role,
 * the URL and the environment are. Every connection of the program is one of these.
 */
export class DatabaseClient extends Client {
  /** @throws TlsSettingsError */
  constructor(config: DatabaseClientConfig) {
    super(config.connectionString === undefined ? config : withTls(config, config.connectionString));
    if (config.isPooler) return;
    // Options from the URL, the configuration or PGOPTIONS come first, so that ours override them.
    const { connectionParameters } = this as unknown as { connectionParameters: { options?: string } };
    connectionParameters.options = pinnedOptions(connectionParameters.options);
  }
}

function withTls(config: DatabaseClientConfig, text: string): ClientConfig {
  const { url, ssl, isOptional } = tlsSettings(text, process.env);
  const { keepAlive = false } = config;
  const connection = isOptional ? { connection: new PreferringConnection({ ssl, keepAlive }) } : {};
  return { ...config, connectionString: url, ssl, ...connection };
}

/** The parts of pg's own class that its types do not declare. */
const PgConnection = Connection as unknown as new (config: object) => Connection & {
  connect(port: number | string, host?: string): void;
  attachListeners(stream: Socket): void;
};

/** pg fails when a server offers no encryption; with `sslmode=prefer`, libpq continues without encryption. */
class PreferringConnection extends PgConnection {
  override connect(port: number | string, host?: string): void {
    super.connect(port, host);
    const stream = this.stream as Socket;
    const [answered] = stream.listeners('data');
    stream.removeAllListeners('data');
    stream.once('data', (answer: Buffer) => {
      if (answer.toString('latin1') !== 'N') return answered!.call(stream, answer) as void;
      this.attachListeners(stream);
      this.emit('sslconnect');
    });
  }
}
