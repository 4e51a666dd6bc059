import type { Configuration } from '../../platform/configuration/configuration';
import type { DatabaseSchema } from '../../platform/database/database-options';

/** The context of every operation on backups. */
export interface BackupContext {
  /** Of the live database. */
  readonly url: string;
  /** The embedded server comes without the tools of PostgreSQL. */
  readonly isEmbedded: boolean;
  readonly configuration: Configuration;
  readonly schema: DatabaseSchema;
  /** Reports progress; the last line is repeated while a step lasts. */
  readonly progress: (what: string) => void;
  /** Reports a warning that is not a failure. */
  readonly warn: (message: string) => void;
}

/** Past a pooler: a snapshot is shared between sessions, and copying takes long. */
export const directUrl = ({ url, configuration }: BackupContext): string =>
  configuration.DIRECT_DATABASE_URL ?? url;
