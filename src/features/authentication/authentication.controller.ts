import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query, Req } from '@nestjs/common';
import type { Request } from 'express';
import { NO_CONTENT, Route } from '../../platform/documents/documented';
import { Caller, type CallerIdentity } from '../../platform/http/caller';
import { ClientAddresses } from '../../platform/http/client-address';
import { Public } from '../../platform/http/public';
import { Metrics } from '../../platform/metrics/metrics';
import { ANONYMOUS } from '../../platform/rate-limits/allowances';
import { PathBudgets } from '../../platform/rate-limits/path-budgets';
import { toProblem } from '../../platform/problems/to-problem';
import { inShare } from '../../platform/request-context';
import { parseId } from '../../platform/validation/field-rules';
import {
  ChangePasswordDto,
  LoginDto,
  RefreshDto,
  RegisterDto,
  type SessionList,
  type SignedIn,
  type Tokens,
  sessionListSchema,
  signedInSchema,
  tokensSchema,
} from './authentication.dto';
import type { AuthenticationEvent } from './authentication-event';
import { AuthenticationLog } from './authentication-log';
import { AuthenticationService } from './authentication.service';
import { ListQueryDto } from '../../platform/pagination/page';
import { SessionsService } from './sessions.service';
import {
  FAULTS,
  NOT_FOUND,
  SESSION_REVOKED,
  TOKEN_EXPIRED,
  UNAUTHENTICATED,
} from '../../platform/problems/general-problems';
import {
  ACCOUNT_DISABLED,
  EMAIL_TAKEN,
  INVALID_CREDENTIALS,
  INVITATION_INVALID,
  INVITATION_REQUIRED,
  REGISTRATION_CLOSED,
} from './authentication.problems';
import { USERNAME_TAKEN } from '../users/users.problems';

@Controller('api/v1/auth')
export class AuthenticationController {
  private readonly signIns;

  constructor(
    private readonly authentication: AuthenticationService,
    private readonly sessions: SessionsService,
    private readonly log: AuthenticationLog,
    metrics: Metrics,
    private readonly addresses: ClientAddresses,
    budgets: PathBudgets,
  ) {
    // These routes never read a token, so a header must not exempt a request from the charge.
    budgets.add({ paths: /^\/api\/v1\/auth\/(register|login|refresh)\/?$/i, allowance: ANONYMOUS });
    this.signIns = metrics.counter(
      'xfchat_sign_ins_total',
      'Sign-in attempts, by outcome (ok or the problem code)',
      ['outcome'],
    );
    for (const { code } of FAULTS) this.signIns.inc({ outcome: code }, 0);
  }

  @Public()
  @Post('register')
  @Route({
    summary: 'Create an account and sign in',
    answers: { 201: signedInSchema },
    location: ({ user }: SignedIn) => `/api/v1/users/${user.id}`,
    problems: [USERNAME_TAKEN, EMAIL_TAKEN, REGISTRATION_CLOSED, INVITATION_REQUIRED, INVITATION_INVALID],
  })
  async register(@Body() input: RegisterDto, @Req() request: Request): Promise<SignedIn> {
    return this.log.recording(
      { kind: 'registration' },
      () =>
        inShare('sign-in', () => this.authentication.register(input, this.addresses.budgetKeyOf(request))),
      ofSignedIn,
    );
  }

  @Public()
  @Post('login')
  @HttpCode(200)
  @Route({
    summary: 'Sign in',
    answers: { 200: signedInSchema },
    problems: [INVALID_CREDENTIALS, ACCOUNT_DISABLED],
  })
  async login(@Body() input: LoginDto, @Req() request: Request): Promise<SignedIn> {
    try {
      const signedIn = await this.log.recording(
        { kind: 'sign-in', login: input.login },
        () => inShare('sign-in', () => this.authentication.login(input, this.addresses.budgetKeyOf(request))),
        ofSignedIn,
      );
      this.signIns.inc({ outcome: 'ok' });
      return signedIn;
    } catch (error) {
      this.signIns.inc({ outcome: toProblem(error).code });
      throw error;
    }
  }

  @Public()
  @Post('refresh')
  @HttpCode(200)
  @Route({
    summary: 'Get a new pair of tokens',
    description:
      'A token presented again gives the same successor for 30 seconds. Later it gives a fresh one, as long as the successor was never presented. Once the successor was presented, presenting the old token ends the session.',
    answers: { 200: tokensSchema },
    problems: [UNAUTHENTICATED, TOKEN_EXPIRED, SESSION_REVOKED],
  })
  async refresh(@Body() input: RefreshDto): Promise<Tokens> {
    try {
      return await inShare('sign-in', () => this.sessions.refresh(input.refreshToken));
    } catch (error) {
      // Successful refreshes come every few minutes from every device and say little, so only failures are recorded.
      this.log.note({ kind: 'refresh', outcome: toProblem(error).code });
      throw error;
    }
  }

  @Post('logout')
  @HttpCode(204)
  @Route({
    summary: 'Sign out',
    description: 'Tokens and sockets of the session end.',
    answers: { 204: NO_CONTENT },
  })
  async logout(@Caller() caller: CallerIdentity): Promise<void> {
    await this.sessions.end(caller.userId, caller.sessionId, 'signed-out');
  }

  @Put('password')
  @HttpCode(204)
  @Route({
    summary: 'Change the password',
    description: 'Ends the other sessions.',
    answers: { 204: NO_CONTENT },
    problems: [INVALID_CREDENTIALS],
  })
  async changePassword(@Caller() caller: CallerIdentity, @Body() input: ChangePasswordDto): Promise<void> {
    const { userId, sessionId } = caller;
    await this.log.recording({ kind: 'password-change', userId }, () =>
      this.authentication.changePassword(userId, sessionId, input),
    );
  }

  @Get('sessions')
  @Route({
    summary: 'List your sessions',
    description: 'The most recently used one first.',
    answers: { 200: sessionListSchema },
  })
  async list(@Caller() caller: CallerIdentity, @Query() query: ListQueryDto): Promise<SessionList> {
    return this.sessions.list(caller.userId, caller.sessionId, query);
  }

  @Delete('sessions/:sessionId')
  @HttpCode(204)
  @Route({
    summary: 'End one of your sessions',
    description: 'Its sockets end at once.',
    answers: { 204: NO_CONTENT },
    problems: [NOT_FOUND],
  })
  async end(@Caller() caller: CallerIdentity, @Param('sessionId') sessionId: string): Promise<void> {
    await this.sessions.end(caller.userId, parseId('sessionId', sessionId), 'ended-elsewhere');
  }
}

function ofSignedIn({ user, session }: SignedIn): Partial<AuthenticationEvent> {
  return { userId: user.id, sessionId: session.id };
}
