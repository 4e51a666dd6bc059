import { Body, Controller, HttpCode, Post, Req } from '@nestjs/common';
import type { Request } from 'express';
import { NO_CONTENT, Route } from '../../platform/documents/documented';
import { ClientAddresses } from '../../platform/http/client-address';
import { Public } from '../../platform/http/public';
import { RateLimits } from '../../platform/rate-limits/rate-limits';
import { inShare } from '../../platform/request-context';
import { ResetPasswordDto } from './password-resets.dto';
import { PasswordResetsService } from './password-resets.service';

@Controller('api/v1/auth')
export class PasswordResetsController {
  constructor(
    private readonly passwordResets: PasswordResetsService,
    private readonly rateLimits: RateLimits,
    private readonly addresses: ClientAddresses,
  ) {}

  @Public()
  @Post('password-reset')
  @HttpCode(204)
  @Route({
    summary: 'Set a new password with a link from an operator',
    description: 'The code works once. All sessions of the account end.',
    answers: { 204: NO_CONTENT },
    problems: ['password-reset-invalid'],
  })
  async reset(@Body() input: ResetPasswordDto, @Req() request: Request): Promise<void> {
    this.rateLimits.take('anonymous', this.addresses.budgetKeyOf(request));
    await inShare('sign-in', () => this.passwordResets.reset(input));
  }
}
