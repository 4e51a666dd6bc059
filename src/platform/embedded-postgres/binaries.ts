import { lstatSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { EmbeddedPostgresError, errorCode } from './embedded-postgres-error';

export interface PostgresBinaries {
  /** Folder that contains `bin`, `lib` and `share`. */
  folder: string;
  initdb: string;
  postgres: string;
}

/**
 * The PostgreSQL programs that npm installed for this platform.
 * @throws EmbeddedPostgresError if there are none, or if they are incomplete and cannot be completed
 */
export function findPostgresBinaries(): PostgresBinaries {
  // Node connects to PostgreSQL over a Unix socket, which Node does not support on Windows. A TCP port without a
  // password would be open to every account of the machine.
  if (process.platform === 'win32') {
    throw new EmbeddedPostgresError(
      'The built-in PostgreSQL does not run on Windows: use WSL, or set DATABASE_URL to a PostgreSQL server.',
    );
  }
  const folder = join(platformPackageFolder(), 'native');
  completeSymlinks(folder);
  return { folder, initdb: join(folder, 'bin', 'initdb'), postgres: join(folder, 'bin', 'postgres') };
}

function platformPackageFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  // The platform package is a dependency of embedded-postgres, so it may not be beside our own dependencies.
  const searches = [
    () => require.resolve(name),
    () => require.resolve(name, { paths: [dirname(require.resolve('embedded-postgres'))] }),
  ];
  for (const search of searches) {
    try {
      return dirname(dirname(search()));
    } catch {
      // The next search may find it.
    }
  }
  throw new EmbeddedPostgresError(
    `The npm package ${name} is not installed, so there is no built-in PostgreSQL here: ` +
      'run "npm ci" without --omit=optional on this machine, or set DATABASE_URL to a PostgreSQL server.',
  );
}

interface SymlinkEntry {
  source: string;
  target: string;
}

/**
 * npm packages cannot contain symbolic links, so this one creates them in an install script. That script does not
 * run with `npm ci --ignore-scripts`, and without the links the programs do not find their libraries.
 */
export function completeSymlinks(folder: string): void {
  const entries = JSON.parse(readFileSync(join(folder, 'pg-symlinks.json'), 'utf8')) as SymlinkEntry[];
  for (const { source, target } of entries) {
    const link = join(dirname(folder), target);
    if (lstatSync(link, { throwIfNoEntry: false })) continue;
    try {
      symlinkSync(basename(source), link);
    } catch (error) {
      if (errorCode(error) === 'EEXIST') continue; // another process created it meanwhile
      throw new EmbeddedPostgresError(
        `The link ${link} is missing and cannot be made (${errorCode(error)}): the packages were installed with ` +
          '--ignore-scripts and are read-only now. Run "npm rebuild" as the account that owns node_modules, ' +
          'or set DATABASE_URL to a PostgreSQL server.',
      );
    }
  }
}
