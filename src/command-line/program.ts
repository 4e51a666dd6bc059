import { Command } from 'commander';
import { version } from '../version';
import { checkCommand } from './check.command';
import { maintenanceOffCommand, maintenanceOnCommand, maintenanceStatusCommand } from './maintenance.command';
import { addMigrateCommands } from './migrate-commands';
import { startCommand } from './start.command';
import { grantCommand } from './user.command';

/** The `xfchat` command. Every command exits with 0 only on success and never prints a secret. */
export function buildProgram(): Command {
  const program = new Command('xfchat').description('A self-hosted chat backend').version(version);
  program
    .command('start')
    .description('start the server (and the embedded PostgreSQL when DATABASE_URL is unset)')
    .action(startCommand);

  addMigrateCommands(program);

  const maintenance = program.command('maintenance').description('stop people from writing; reading goes on');
  maintenance
    .command('on')
    .description('refuse writes on all servers, also after a restart; returns when all of them know')
    .option('--json', 'print JSON')
    .action(maintenanceOnCommand);
  maintenance
    .command('off')
    .description('take writes again')
    .option('--json', 'print JSON')
    .action(maintenanceOffCommand);
  maintenance
    .command('status')
    .description('say whether it is on, and since when')
    .option('--json', 'print JSON')
    .action(maintenanceStatusCommand);

  program
    .command('check')
    .description('look for broken data: holes, orphans, broken histories, unfinished schema changes')
    .option('--json', 'print JSON')
    .action(checkCommand);

  const user = program.command('user').description('manage accounts');
  user
    .command('grant <username>')
    .description('make a user an operator, who may see the details of /health')
    .option('--json', 'print JSON')
    .action(grantCommand);
  return program;
}
