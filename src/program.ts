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
    .description('start the server (and the embedded PostgreSQL when DATABASE_URL is unset)')
    .option('--no-backup', 'with MIGRATE_ON_START: change the database without a backup of now')
    .action(commandsOf(() => import('./start.command.ts'))('startCommand'));

  addMigrateCommands(program);

  const maintenance = program.command('maintenance').description('reject all writes; reads still work');
  maintenance
    .command('on')
    .description('reject writes on all servers, also after a restart; returns when all servers do')
    .option('--json', 'print JSON')
    .action(maintenanceMode('maintenanceOnCommand'));
  maintenance
    .command('off')
    .description('accept writes again')
    .option('--json', 'print JSON')
    .action(maintenanceMode('maintenanceOffCommand'));
  maintenance
    .command('status')
    .description('show whether it is on, and since when')
    .option('--json', 'print JSON')
    .action(maintenanceMode('maintenanceStatusCommand'));

  program
    .command('check')
    .description(
      'look for broken data: gaps, orphans, broken histories, unfinished schema changes, lost files',
    )
    .option('--deep', 'read every byte of the files of attachments as well')
    .option('--json', 'print JSON')
    .action(commandsOf(() => import('./operations/command-line/check.command.ts'))('checkCommand'));

  const backup = program.command('backup').description('make, list, verify and restore backups');
  backup
    .command('create')
    .description('back up the database while it is in use; deletes what is older than BACKUP_RETENTION_DAYS')
    .option('--portable', 'by COPY also where pg_dump is found: fits every later version of PostgreSQL')
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
      'put a backup (an id, a path, or "latest") in the place of the database, once it is proven beside it',
    )
    .option('--confirm <database>', 'replace a database that is not empty: its name, as DATABASE_URL has it')
    .option('--force', 'replace it without asking, also while servers are connected')
    .option('--discard', 'drop what was there instead of keeping it under another name')
    .option(
      '--copy',
      'into an empty database: it becomes an installation of its own, beside the one backed up',
    )
    .option(
      '--only-files',
      'leave the database as it is, and bring back files of attachments that are missing',
    )
    .option('--json', 'print JSON')
    .action(backups('backupRestoreCommand'));

  program
    .command('drill')
    .description(
      'restore the last backup beside the live database, prove it, and say how old it is and how long it took',
    )
    .option('--json', 'print JSON')
    .action(backups('drillCommand'));
  addDeploymentCommands(program);

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
    .action(legacyImports('legacyImportCommand'));
  sourceOf(legacy.command('verify'))
    .description('compare the old tables with what was imported, before people use it')
    .action(legacyImports('legacyVerifyCommand'));
  sourceOf(legacy.command('rollback'))
    .description('take back what was imported, as long as nobody has used it')
    .action(legacyImports('legacyRollbackCommand'));
  sourceOf(legacy.command('archive'))
    .description(
      'move the old tables to the schema legacy_archive, 30 days after a verified import, and with a backup proven in the last 7',
    )
    .action(legacyImports('legacyArchiveCommand'));

  addUserCommands(program);
  addInvitationCommands(program);
  return program;
}
