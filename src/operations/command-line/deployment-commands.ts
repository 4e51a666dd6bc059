import { InvalidArgumentError, Option, type Command } from 'commander';
import { CRITERIA } from '../watch/criteria';
import { commandsOf } from './commands-of';
import { timeOption } from './durations';
import { rollbackLimit } from './rollback-limits';

/** The commands that operators run before and after a deployment. */
export function addDeploymentCommands(program: Command): void {
  program
    .command('preflight')
    .description('go or no-go before a deployment: every check with its evidence')
    .option('--test-results <file>', 'what `npm test -- --json --outputFile=<file>` has written')
    .option('--prometheus <url>', 'ask this Prometheus whether the alert rules are loaded and none fires')
    .option('--alert-rules <file>', 'the rules that have to be loaded, instead of those of this release')
    .option('--disk-free <percent>', 'how much of each disk has to be free', percent, 10)
    .option('--confirm <check...>', 'vouch for what only a person can say, such as alerts or tests')
    .option('--json', 'print JSON')
    .action(commandsOf(() => import('./preflight.command.ts'))('preflightCommand'));

  program
    .command('watch <url...>')
    .description('watch servers after a deployment: their targets, and the criteria for a rollback')
    .addOption(timeOption('--duration', 'how long to watch', '24h'))
    .addOption(timeOption('--interval', 'how often to look', '10s'))
    .addOption(timeOption('--lasting', 'how long something has to last to call for a rollback', '1m'))
    .addOption(
      new Option('--rollback-at <criterion=limit...>', 'other limits than those below').argParser(
        rollbackLimit,
      ),
    )
    .option('--metrics-port <port>', 'where /metrics is, when METRICS_PORT moves it')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      [
        '\nThe token of /metrics is taken from METRICS_TOKEN or METRICS_TOKEN_FILE. Calls for a rollback, for as long as --lasting says:',
        ...CRITERIA.map(({ name, says, usual }) => `  ${name.padEnd(13)}${says(usual)}`),
        '\nFor instance: --rollback-at errors=2% delivery=500ms restarts=5',
      ].join('\n'),
    )
    .action(commandsOf(() => import('./watch.command.ts'))('watchCommand'));
}

function percent(value: string): number {
  const number = Number(value);
  if (!(number > 0 && number <= 100)) throw new InvalidArgumentError('It has to be a number up to 100.');
  return number;
}
