import { Controller, Get, Req } from '@nestjs/common';
import type { Request } from 'express';
import { Route } from '../../platform/documents/documented';
import { ClientAddresses } from '../../platform/http/client-address';
import { Public } from '../../platform/http/public';
import { RateLimits } from '../../platform/rate-limits/rate-limits';
import { registrationPolicySchema, type RegistrationPolicyView } from './registration.dto';
import { RegistrationPolicy } from './registration-policy';

@Controller('api/v1/auth')
export class RegistrationController {
  constructor(
    private readonly policy: RegistrationPolicy,
    private readonly rateLimits: RateLimits,
    private readonly addresses: ClientAddresses,
  ) {}

  @Public()
  @Get('registration')
  @Route({ summary: 'Learn who may make an account', answers: { 200: registrationPolicySchema } })
  read(@Req() request: Request): RegistrationPolicyView {
    this.rateLimits.take('anonymous', this.addresses.budgetKeyOf(request));
    return { policy: this.policy.current };
  }
}
