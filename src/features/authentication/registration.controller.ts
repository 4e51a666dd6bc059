import { Controller, Get } from '@nestjs/common';
import { Route } from '../../platform/documents/documented';
import { Public } from '../../platform/http/public';
import { registrationPolicySchema, type RegistrationPolicyView } from './registration.dto';
import { RegistrationPolicy } from './registration-policy';

@Controller('api/v1/auth')
export class RegistrationController {
  constructor(private readonly policy: RegistrationPolicy) {}

  @Public()
  @Get('registration')
  @Route({ summary: 'Learn who may make an account', answers: { 200: registrationPolicySchema } })
  read(): RegistrationPolicyView {
    return { policy: this.policy.current };
  }
}
