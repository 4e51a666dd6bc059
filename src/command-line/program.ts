import { Command } from 'commander';
import { version } from '../version';
import { checkCommand } from './check.command';
import {
  legacyArchiveCommand,
  legacyImportCommand,
  legacyRollbackCommand,
  legacyVerifyCommand,
} from './legacy.command';
import { migrateDownCommand, migrateStatusCommand, migrateUpCommand } from './migrate.command';
import { startCommand } from './start.command';
import { grantCommand } from './user.command';

/** The `xfchat` command. Every command exits with 0 only on success and never prints a secret. */
export function buildProgram(): Command {
  const program = new Command('xfchat').description('A self-hosted chat backend').version(version);
  program
    .command('start')
    .description('start the server (and the embedded PostgreSQL when DATABASE_URL is unset)')
    .action(startCommand);

  const migrate = program.command('migrate').description('change the schema of the database');
  migrate
    .command('up')
    .description('apply all pending migrations')
    .option('--json', 'print JSON')
    .action(migrateUpCommand);
  migrate
    .command('down')
    .description('take back the last migration, with the data that only it can hold')
    .option('--json', 'print JSON')
    .action(migrateDownCommand);
  migrate
    .command('status')
    .description('say which migrations are applied, pending or unknown')
    .option('--json', 'print JSON')
    .action(migrateStatusCommand);

  program
    .command('check')
    .description('look for broken data: holes, orphans, broken histories, unfinished schema changes')
    .option('--json', 'print JSON')
    .action(checkCommand);

  const legacy = program.command('legacy').description('bring over the tables of an earlier XFChat');
  const sourceOf = (command: Command): Command =>
    command
      .option('--schema <name>', 'the schema of this database that holds the old tables')
      .option('--source-url <url>', 'another database that holds them')
      .option('--json', 'print JSON');
  sourceOf(legacy.command('import'))
    .description('import the old tables, or go on with an import that was interrupted')
    .option('--owner <username>', 'who is to own the old global room')
    .option('--title <text>', 'the title of the old global room')
    .action(legacyImportCommand);
  sourceOf(legacy.command('verify'))
    .description('compare the old tables with what was imported, before people use it')
    .action(legacyVerifyCommand);
  sourceOf(legacy.command('rollback'))
    .description('take back what was imported, as long as nobody has used it')
    .action(legacyRollbackCommand);
  sourceOf(legacy.command('archive'))
    .description('move the old tables to the schema legacy_archive, 30 days after a verified import')
    .option(
      '--backup-proven-at <time>',
      'when a backup of the database was last restored for a trial, at most 7 days ago',
    )
    .action(legacyArchiveCommand);

  const user = program.command('user').description('manage accounts');
  user
    .command('grant <username>')
    .description('make a user an operator, who may see the details of /health')
    .option('--json', 'print JSON')
    .action(grantCommand);
  return program;
}
