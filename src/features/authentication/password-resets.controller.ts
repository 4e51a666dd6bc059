import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { NO_CONTENT, Route } from '../../platform/documents/documented';
import { Public } from '../../platform/http/public';
import { inShare } from '../../platform/request-context';
import { ResetPasswordDto } from './password-resets.dto';
import { PasswordResetsService } from './password-resets.service';

@Controller('api/v1/auth')
export class PasswordResetsController {
  constructor(private readonly passwordResets: PasswordResetsService) {}

  @Public()
  @Post('password-reset')
  @HttpCode(204)
  @Route({
    summary: 'Set a new password with a link from an operator',
    description: 'The code works once. All sessions of the account end.',
    answers: { 204: NO_CONTENT },
    problems: ['password-reset-invalid'],
  })
  async reset(@Body() input: ResetPasswordDto): Promise<void> {
    await inShare('sign-in', () => this.passwordResets.reset(input));
  }
}
