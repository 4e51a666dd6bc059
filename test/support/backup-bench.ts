import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BackupContext } from '../../src/operations/backups/backup-context';
import { loadConfiguration } from '../../src/platform/configuration/load-configuration';
import { SCHEMA } from '../../src/schema';

export interface BackupBench {
  readonly folder: string;
  /** The warnings that were logged for operators. */
  readonly warnings: string[];
  context(
    url: string,
    options?: Partial<BackupContext> & { environment?: Record<string, string> },
  ): BackupContext;
  remove(): void;
}

/** A folder for backups, and the objects that work on them. */
export function backupBench(): BackupBench {
  const folder = mkdtempSync(join(tmpdir(), 'xfchat-backups-'));
  const warnings: string[] = [];
  return {
    folder,
    warnings,
    context: (url, { environment, ...options } = {}) => ({
      url,
      isEmbedded: true,
      configuration: loadConfiguration({ BACKUP_DIR: folder, ...environment }),
      schema: SCHEMA,
      progress: () => undefined,
      warn: (message) => void warnings.push(message),
      ...options,
    }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
