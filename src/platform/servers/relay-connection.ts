import type { Socket } from 'node:net';
import type { QueryResultRow } from 'pg';
import { DatabaseClient } from '../database/database-client';
import { inTime } from '../database/in-time';
import { CHANNEL, SIGNALS_CHANNEL } from './relay.queries';

/** The limit for each answer. It detects a half-open connection. */
const TIMEOUT_MS = 1_000;

const ID_LENGTH = 36;

export const RELAY_NAME = 'xfchat-relay';

/** A database session of its own: it listens for notifications, and works while the pool is exhausted. */
export class RelayConnection {
  private client: DatabaseClient | undefined;

  /**
   * @param url the address of the database itself: a pooler in transaction mode has no lasting session that
   * could listen
   * @param onNotification receives the id of the server that has written
   * @param onSignals receives the id of the sending server, and the signals
   */
  constructor(
    private readonly url: string,
    private readonly onNotification: (serverId: string) => void,
    private readonly onSignals: (serverId: string, text: string) => void,
  ) {}

  /** @throws the error, or `NoAnswerError` after a timeout; the next call begins a new session */
  async ask<Row extends QueryResultRow>(text: string, values: unknown[]): Promise<Row[]> {
    const client = this.client ?? (await this.connect());
    try {
      return (await inTime(TIMEOUT_MS, client.query<Row>(text, values))).rows;
    } catch (error) {
      this.drop(client);
      throw error;
    }
  }

  close(): void {
    if (this.client) this.drop(this.client);
  }

  private async connect(): Promise<DatabaseClient> {
    const client = new DatabaseClient({ connectionString: this.url, application_name: RELAY_NAME });
    client.on('error', () => this.drop(client));
    client.on('notification', ({ channel, payload = '' }) => {
      if (channel === CHANNEL) this.onNotification(payload);
      else this.onSignals(payload.slice(0, ID_LENGTH), payload.slice(ID_LENGTH));
    });
    this.client = client;
    try {
      await inTime(TIMEOUT_MS, client.connect());
      // The statement after this finds earlier rows; notifications announce later ones.
      await inTime(TIMEOUT_MS, client.query(`listen ${CHANNEL}; listen ${SIGNALS_CHANNEL}`));
      return client;
    } catch (error) {
      this.drop(client);
      throw error;
    }
  }

  /** Destroys the socket: a graceful end would wait for ever on a silent connection. */
  private drop(client: DatabaseClient): void {
    if (this.client === client) this.client = undefined;
    (client as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
  }
}
