import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Configuration } from './configuration';

/**
 * The secret that signs tokens. Without a configured one, the first start creates one in `DATA_DIR`, so that
 * sessions survive a restart.
 */
export function authSecret(configuration: Configuration): string {
  if (configuration.AUTH_SECRET) return configuration.AUTH_SECRET;
  mkdirSync(configuration.DATA_DIR, { recursive: true });
  const file = join(configuration.DATA_DIR, 'auth-secret');
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  // A complete file is linked into place, so that neither a crash nor a second server leaves a partial secret.
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${randomBytes(48).toString('base64')}\n`, { mode: 0o600 });
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft);
  }
  return readFileSync(file, 'utf8').trim();
}
