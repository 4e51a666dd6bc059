import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Req } from '@nestjs/common';
import type { Request } from 'express';
import { Public } from '../platform/http/public';
import { Metrics } from '../platform/metrics/metrics';
import { inShare } from '../platform/request-context';
import { RateLimits } from '../platform/rate-limits/rate-limits';
import { toProblem } from '../platform/problems/to-problem';
import { parseId } from '../platform/validation/field-rules';
import {
  ChangePasswordDto,
  LoginDto,
  RefreshDto,
  RegisterDto,
  type SessionView,
  type SignedIn,
  type Tokens,
} from './authentication.dto';
import { AuthenticationService } from './authentication.service';
import { Caller, type CallerIdentity } from '../platform/http/caller';
import { SessionsService } from './sessions.service';

@Controller('api/v1/auth')
export class AuthenticationController {
  constructor(
    private readonly authentication: AuthenticationService,
    private readonly sessions: SessionsService,
    private readonly metrics: Metrics,
    private readonly rateLimits: RateLimits,
  ) {}

  @Public()
  @Post('register')
  async register(@Body() input: RegisterDto, @Req() request: Request): Promise<SignedIn> {
    return inShare('sign-in', () => this.authentication.register(input, request.ip ?? ''));
  }

  @Public()
  @Post('login')
  @HttpCode(200)
  async login(@Body() input: LoginDto, @Req() request: Request): Promise<SignedIn> {
    try {
      const signedIn = await inShare('sign-in', () => this.authentication.login(input, request.ip ?? ''));
      this.metrics.signIns.inc({ outcome: 'ok' });
      return signedIn;
    } catch (error) {
      this.metrics.signIns.inc({ outcome: toProblem(error).code });
      throw error;
    }
  }

  @Public()
  @Post('refresh')
  @HttpCode(200)
  async refresh(@Body() input: RefreshDto, @Req() request: Request): Promise<Tokens> {
    this.rateLimits.take('anonymous', request.ip ?? '');
    return inShare('sign-in', () => this.sessions.refresh(input.refreshToken));
  }

  @Post('logout')
  @HttpCode(204)
  async logout(@Caller() caller: CallerIdentity): Promise<void> {
    await this.sessions.end(caller.userId, caller.sessionId, 'signed-out');
  }

  @Put('password')
  @HttpCode(204)
  async changePassword(@Caller() caller: CallerIdentity, @Body() input: ChangePasswordDto): Promise<void> {
    await this.authentication.changePassword(caller.userId, caller.sessionId, input);
  }

  @Get('sessions')
  async list(@Caller() caller: CallerIdentity): Promise<{ items: SessionView[]; nextCursor: null }> {
    return { items: await this.sessions.list(caller.userId, caller.sessionId), nextCursor: null };
  }

  @Delete('sessions/:sessionId')
  @HttpCode(204)
  async end(@Caller() caller: CallerIdentity, @Param('sessionId') sessionId: string): Promise<void> {
    await this.sessions.end(caller.userId, parseId('sessionId', sessionId), 'ended-elsewhere');
  }
}
