import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { ClientAddresses } from '../../platform/http/client-address';
import { fileTokenOf } from '../../platform/http/file-cookie';
import { PUBLIC } from '../../platform/http/public';
import { UNAUTHENTICATED } from '../../platform/problems/general-problems';
import { Problem } from '../../platform/problems/problem';
import { VERIFICATION } from '../../platform/rate-limits/allowances';
import { chargePerson } from '../../platform/rate-limits/charge-person';
import { RateLimits } from '../../platform/rate-limits/rate-limits';
import { Suspensions } from '../../platform/rate-limits/suspensions';
import { currentContext, inShare } from '../../platform/request-context';
import type { AuthenticatedRequest } from '../../platform/http/caller';
import { LiveSessions } from './live-sessions';

const BEARER = /^Bearer ([\w.~+/=-]{1,4096})$/i;

export function bearerTokenOf(request: Request): string | undefined {
  return BEARER.exec(request.get('authorization') ?? '')?.[1];
}

/** Every route needs a live session unless it has `@Public()`. Sockets authenticated in their handshake. */
@Injectable()
export class AuthenticationGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly sessions: LiveSessions,
    private readonly rateLimits: RateLimits,
    private readonly suspensions: Suspensions,
    private readonly addresses: ClientAddresses,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    if (this.reflector.getAllAndOverride<boolean>(PUBLIC, [context.getHandler(), context.getClass()]))
      return true;
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const bearerToken = bearerTokenOf(request);
    const token = bearerToken ?? fileTokenOf(request);
    if (!token) throw new Problem(UNAUTHENTICATED);
    const claims = this.sessions.claims(token);
    const { userId, sessionId } = claims;
    // The edge charged the address. The signature is valid, so the session and the person are charged instead.
    if (bearerToken) this.rateLimits.giveBack(VERIFICATION, this.addresses.budgetKeyOf(request));
    await inShare('sign-in', () => this.sessions.requireLive(claims));
    request.caller = { userId, sessionId };
    const requestContext = currentContext();
    if (requestContext) requestContext.userId = userId;
    chargePerson({ rateLimits: this.rateLimits, suspensions: this.suspensions }, userId);
    return true;
  }
}
