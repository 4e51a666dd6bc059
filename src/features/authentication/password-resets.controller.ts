import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { NO_CONTENT, Route } from '../../platform/documents/documented';
import { Public } from '../../platform/http/public';
import { inShare } from '../../platform/request-context';
import { ANONYMOUS } from '../../platform/rate-limits/allowances';
import { PathBudgets } from '../../platform/rate-limits/path-budgets';
import { ResetPasswordDto } from './password-resets.dto';
import { PasswordResetsService } from './password-resets.service';
import { PASSWORD_RESET_INVALID } from './authentication.problems';

@Controller('api/v1/auth')
export class PasswordResetsController {
  constructor(
    private readonly passwordResets: PasswordResetsService,
    budgets: PathBudgets,
  ) {
    // As for signing in: these routes never read a token.
    budgets.add({ paths: /^\/api\/v1\/auth\/password-reset\/?$/i, allowance: ANONYMOUS });
  }

  @Public()
  @Post('password-reset')
  @HttpCode(204)
  @Route({
    summary: 'Set a new password with a link from an operator',
    description: 'The code works once. All sessions of the account end.',
    answers: { 204: NO_CONTENT },
    problems: [PASSWORD_RESET_INVALID],
  })
  async reset(@Body() input: ResetPasswordDto): Promise<void> {
    await inShare('sign-in', () => this.passwordResets.reset(input));
  }
}
