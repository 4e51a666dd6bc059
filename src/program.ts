import { Command } from 'commander';
import { version } from './platform/version';
import { addDeploymentCommands } from './operations/command-line/deployment-commands';
import { commandsOf } from './operations/command-line/commands-of';
import { addMigrateCommands } from './operations/command-line/migrate-commands';
import { writeError, writeOut } from './operations/command-line/output';
import { addInvitationCommands, addUserCommands } from './operations/command-line/user-commands';

const backups = commandsOf(() => import('./operations/command-line/backup.command.ts'));
const legacyImports = commandsOf(() => import('./operations/command-line/legacy.command.ts'));
const maintenanceMode = commandsOf(() => import('./operations/command-line/maintenance.command.ts'));

/**
 * The `xfchat` command. Every command exits with 0 only on success. It prints no secret except a link that it was asked
 * for.
 */
export function buildProgram(): Command {
  const program = new Command('xfchat')
    .description('A self-hosted chat backend')
    .version(version)
    .configureOutput({ writeOut, writeErr: writeError });
  program
    .command('start')
    .description('start the server (and the embedded PostgreSQL if DATABASE_URL is unset)')
    .option('--no-backup', 'with MIGRATE_ON_START: change the database without a backup of now')
    .action(commandsOf(() => import('./start.command.ts'))('startCommand'));

  addMigrateCommands(program);

  const maintenance = program.command('maintenance').description('reject all writes; reads still work');
  maintenance
    .command('on')
    .description('reject writes on all servers, even after a restart; returns when all servers do')
    .option('--json', 'print JSON')
    .action(maintenanceMode('maintenanceOnCommand'));
  maintenance
    .command('off')
    .description('accept writes again')
    .option('--json', 'print JSON')
    .action(maintenanceMode('maintenanceOffCommand'));
  maintenance
    .command('status')
    .description('show whether maintenance is on, and since when')
    .option('--json', 'print JSON')
    .action(maintenanceMode('maintenanceStatusCommand'));

  program
    .command('check')
    .description('find broken data: gaps, orphans, broken histories, unfinished schema changes, lost files')
    .option('--deep', 'read every byte of the files of attachments as well')
    .option('--json', 'print JSON')
    .action(commandsOf(() => import('./operations/command-line/check.command.ts'))('checkCommand'));

  const backup = program.command('backup').description('make, list, verify and restore backups');
  backup
    .command('create')
    .description('back up the database while it is in use; deletes backups older than BACKUP_RETENTION_DAYS')
    .option(
      '--portable',
      'use COPY even if pg_dump is installed: the backup fits every later version of PostgreSQL',
    )
    .option('--json', 'print JSON')
    .action(backups('backupCreateCommand'));
  backup
    .command('list')
    .description('list the backups in BACKUP_DIR, newest first')
    .option('--json', 'print JSON')
    .action(backups('backupListCommand'));
  backup
    .command('verify [backup]')
    .description(
      'restore a backup (an id, a path, or "latest") beside the live database, compare and check it',
    )
    .option('--json', 'print JSON')
    .action(backups('backupVerifyCommand'));
  backup
    .command('restore <backup>')
    .description(
      'verify a backup (an id, a path, or "latest") beside the database, then replace the database with it',
    )
    .option('--confirm <database>', 'replace a database that is not empty; its name, as in DATABASE_URL')
    .option('--force', 'replace it without asking, even while servers are connected')
    .option('--discard', 'drop what was there instead of keeping it under another name')
    .option('--copy', 'restore into an empty database as a new installation, independent of the original one')
    .option('--only-files', 'do not change the database; restore only missing files of attachments')
    .option('--json', 'print JSON')
    .action(backups('backupRestoreCommand'));

  program
    .command('drill')
    .description(
      'restore the last backup beside the live database, verify it, and report its age and how long that took',
    )
    .option('--json', 'print JSON')
    .action(backups('drillCommand'));
  addDeploymentCommands(program);

  const legacy = program.command('legacy').description('import the tables of an earlier XFChat');
  const sourceOf = (command: Command): Command =>
    command
      .option('--schema <name>', 'the schema of this database that holds the old tables')
      .option('--source-url <url>', 'another database that holds the old tables')
      .option('--json', 'print JSON');
  sourceOf(legacy.command('import'))
    .description('import the old tables, or continue an interrupted import')
    .option('--owner <username>', 'the owner of the old global room')
    .option('--title <text>', 'the title of the old global room')
    .action(legacyImports('legacyImportCommand'));
  sourceOf(legacy.command('verify'))
    .description('compare the old tables with the imported data, before people use it')
    .action(legacyImports('legacyVerifyCommand'));
  sourceOf(legacy.command('rollback'))
    .description('remove the imported data, if nobody has used it')
    .action(legacyImports('legacyRollbackCommand'));
  sourceOf(legacy.command('archive'))
    .description(
      'move the old tables to the schema legacy_archive; requires a verification of the import 30 days ago and of a backup in the last 7',
    )
    .action(legacyImports('legacyArchiveCommand'));

  addUserCommands(program);
  addInvitationCommands(program);
  return program;
}
