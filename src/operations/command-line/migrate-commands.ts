import { InvalidArgumentError, type Command } from 'commander';
import { commandsOf } from './commands-of';

const migrations = commandsOf(() => import('./migrate.command.ts'));

const PATIENCE = 'how long to try for the locks of one migration before giving up';

export function addMigrateCommands(program: Command): void {
  const migrate = program.command('migrate').description('change the schema of the database');
  const command = (words: string, description: string): Command =>
    migrate.command(words).description(description).option('--json', 'print JSON');

  command('plan', 'say what `up` would run, which tables it locks and how large they are').action(
    migrations('migratePlanCommand'),
  );
  command(
    'up',
    'back up and prove the backup, apply what is pending, finish what was begun, build half-built indexes again',
  )
    .option('--patience <seconds>', PATIENCE, positive, 120)
    .option('--no-backup', 'change the database without a backup of now')
    .action(migrations('migrateUpCommand'));
  command('down', 'take back the last migration, with the data that only it can hold')
    .option('--to <migration>', 'take back everything after this one (0: everything)')
    .option('--patience <seconds>', PATIENCE, positive, 120)
    .action(migrations('migrateDownCommand'));
  command('status', 'say what was applied, when and by which version, and what is pending').action(
    migrations('migrateStatusCommand'),
  );
  command('verify', 'compare the ledger and the schema of the database with this program').action(
    migrations('migrateVerifyCommand'),
  );
  command('pause <data-migration>', 'let a data migration end after the batch that is under way').action(
    migrations('migratePauseCommand'),
  );
  command('resume <data-migration>', 'let `up` go on with a data migration')
    .option('--rate <rows>', 'rows a second at most', positive)
    .action(migrations('migrateResumeCommand'));
}

function positive(value: string): number {
  const number = Number(value);
  if (!(number > 0)) throw new InvalidArgumentError('It has to be a number above 0.');
  return number;
}
