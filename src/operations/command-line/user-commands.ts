import { Command, InvalidArgumentError } from 'commander';
import { commandsOf } from './commands-of';
import { timeOption } from './durations';

const users = commandsOf(() => import('./user.command.ts'));
const sessions = commandsOf(() => import('./user-sessions.command.ts'));
const log = commandsOf(() => import('./user-log.command.ts'));
const invitations = commandsOf(() => import('./invitation.command.ts'));

const USER = '<user>';
const MAX_PAGE = 1_000;

export function addUserCommands(program: Command): void {
  const user = program
    .command('user')
    .description('manage accounts; a user is named by username or e-mail address');
  const command = (words: string, description: string): Command =>
    user.command(words).description(description).option('--json', 'print JSON');

  command('list', 'list accounts by username, with their live sessions')
    .option('--operators', 'only operators')
    .option('--disabled', 'only disabled accounts')
    .option('--after <username>', 'continue after this username')
    .option('--limit <number>', 'the most accounts to list', count(MAX_PAGE), 100)
    .action(users('userListCommand'));
  command(`show ${USER}`, 'show an account, its live sessions and its last authentication events').action(
    users('userShowCommand'),
  );
  command(`grant ${USER}`, 'make a user an operator, who may see the details of /health').action(
    users('userGrantCommand'),
  );
  command(`revoke ${USER}`, 'revoke the operator role').action(users('userRevokeCommand'));
  command(
    `disable ${USER}`,
    'end all sessions of a user and reject new ones; returns when all servers have acted on it',
  ).action(users('userDisableCommand'));
  command(`enable ${USER}`, 'let a disabled user sign in again').action(users('userEnableCommand'));
  command(`sessions ${USER}`, 'list the live sessions of a user').action(sessions('userSessionsCommand'));
  command(
    `end-sessions ${USER}`,
    'end all sessions of a user; returns when all servers have acted on it',
  ).action(sessions('userEndSessionsCommand'));
  command(`reset-password ${USER}`, 'print a link that sets a new password once; using it ends all sessions')
    .addOption(timeOption('--expires', 'how long the link works, such as 30m or 24h', '24h'))
    .action(sessions('userResetPasswordCommand'));
  command('log [user]', 'read the authentication log, newest first')
    .addOption(timeOption('--since', 'how far back, such as 24h or 30d', '7d'))
    .option('--kind <kind>', 'only this kind, such as sign-in')
    .option('--limit <number>', 'the most entries to list', count(100_000), 100)
    .action(log('userLogCommand'));
}

export function addInvitationCommands(program: Command): void {
  const invitation = program
    .command('invitation')
    .description('let people create an account while REGISTRATION is invite');
  const command = (words: string, description: string): Command =>
    invitation.command(words).description(description).option('--json', 'print JSON');

  command('create', 'print a link and a code, which cannot be shown again')
    .option('--uses <number>', 'how many accounts it can create', count(1_000_000), 1)
    .addOption(timeOption('--expires', 'how long it works, such as 24h or 30d', '7d'))
    .option('--note <text>', 'a note, such as the name of the invited person')
    .action(invitations('invitationCreateCommand'));
  command('list', 'list invitations, newest first').action(invitations('invitationListCommand'));
  command('revoke <id>', 'revoke an invitation; accounts created with it stay').action(
    invitations('invitationRevokeCommand'),
  );
}

function count(maximum: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : 0;
    if (number < 1 || number > maximum)
      throw new InvalidArgumentError(`Must be a whole number from 1 to ${maximum}.`);
    return number;
  };
}
