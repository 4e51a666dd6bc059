import { InvalidArgumentError, type Command } from 'commander';
import { commandsOf } from './commands-of';

const migrations = commandsOf(() => import('./migrate.command.ts'));

const PATIENCE = 'how long to retry the locks of one migration';

export function addMigrateCommands(program: Command): void {
  const migrate = program.command('migrate').description('change the schema of the database');
  const command = (words: string, description: string): Command =>
    migrate.command(words).description(description).option('--json', 'print JSON');

  command('plan', 'show what `up` would run, which tables it would lock and how large they are').action(
    migrations('migratePlanCommand'),
  );
  command(
    'up',
    'back up and verify the backup, apply pending migrations, finish interrupted ones, rebuild incomplete indexes',
  )
    .option('--patience <seconds>', PATIENCE, positive, 120)
    .option('--no-backup', 'change the database without a new backup')
    .action(migrations('migrateUpCommand'));
  command('down', 'revert the last migration, and delete the data that only it can hold')
    .option('--to <migration>', 'revert all migrations after this one (0: all)')
    .option('--patience <seconds>', PATIENCE, positive, 120)
    .action(migrations('migrateDownCommand'));
  command('status', 'list applied migrations with their time and version, and pending ones').action(
    migrations('migrateStatusCommand'),
  );
  command('verify', 'compare the ledger and the schema of the database with this program').action(
    migrations('migrateVerifyCommand'),
  );
  command('pause <data-migration>', 'stop a data migration after its current batch').action(
    migrations('migratePauseCommand'),
  );
  command('resume <data-migration>', 'let `up` continue a data migration')
    .option('--rate <rows>', 'the most rows a second', positive)
    .action(migrations('migrateResumeCommand'));
}

function positive(value: string): number {
  const number = Number(value);
  if (!(number > 0)) throw new InvalidArgumentError('Must be a number above 0.');
  return number;
}
