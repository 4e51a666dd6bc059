import { InvalidArgumentError, Option, type Command } from 'commander';
import { CRITERIA } from '../watch/criteria';
import { commandsOf } from './commands-of';
import { timeOption } from './durations';
import { rollbackLimit } from './rollback-limits';

export function addDeploymentCommands(program: Command): void {
  program
    .command('preflight')
    .description('go or no-go before a deployment: every check with its evidence')
    .option('--test-results <file>', 'the output of `npm test -- --json --outputFile=<file>`')
    .option('--prometheus <url>', 'ask this Prometheus whether the alert rules are loaded and no alert fires')
    .option('--alert-rules <file>', 'the rules that must be loaded, instead of those of this release')
    .option('--disk-free <percent>', 'how much of each disk must be free', percent, 10)
    .option('--confirm <check...>', 'confirm items that only a person can judge, such as alerts or tests')
    .option('--json', 'print JSON')
    .action(commandsOf(() => import('./preflight.command.ts'))('preflightCommand'));

  program
    .command('watch <url...>')
    .description('observe servers after a deployment: targets, and criteria for a rollback')
    .addOption(timeOption('--duration', 'how long to observe', '24h'))
    .addOption(timeOption('--interval', 'how often to observe each server', '10s'))
    .addOption(timeOption('--lasting', 'how long a criterion must be met to call for a rollback', '1m'))
    .addOption(
      new Option('--rollback-at <criterion=limit...>', 'limits that replace those below').argParser(
        rollbackLimit,
      ),
    )
    .option('--metrics-port <port>', 'the port of /metrics, if METRICS_PORT is set')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      [
        '\nReads the token of /metrics from METRICS_TOKEN or METRICS_TOKEN_FILE. Calls for a rollback if this lasts for --lasting:',
        ...CRITERIA.map(({ name, says, usual }) => `  ${name.padEnd(13)}${says(usual)}`),
        '\nFor instance: --rollback-at errors=2% delivery=500ms restarts=5',
      ].join('\n'),
    )
    .action(commandsOf(() => import('./watch.command.ts'))('watchCommand'));
}

function percent(value: string): number {
  const number = Number(value);
  if (!(number > 0 && number <= 100)) throw new InvalidArgumentError('Must be a number up to 100.');
  return number;
}
