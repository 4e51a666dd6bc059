import { Controller, Get } from '@nestjs/common';
import { Route } from '../../platform/documents/documented';
import { Public } from '../../platform/http/public';
import { PAGE } from '../../platform/rate-limits/allowances';
import { PathBudgets } from '../../platform/rate-limits/path-budgets';
import { registrationPolicySchema, type RegistrationPolicyView } from './registration.dto';
import { RegistrationPolicy } from './registration-policy';

@Controller('api/v1/auth')
export class RegistrationController {
  constructor(
    private readonly policy: RegistrationPolicy,
    budgets: PathBudgets,
  ) {
    // The answer is the same for everybody, and every page asks for it, so it is charged as a page.
    budgets.add({ paths: /^\/api\/v1\/auth\/registration\/?$/i, allowance: PAGE });
  }

  @Public()
  @Get('registration')
  @Route({ summary: 'Read who may register', answers: { 200: registrationPolicySchema } })
  read(): RegistrationPolicyView {
    return { policy: this.policy.current };
  }
}
