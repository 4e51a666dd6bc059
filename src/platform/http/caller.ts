import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import type { Socket } from 'socket.io';
import { identityOf } from '../sockets/socket-identity';

/** The user and the session of a request; the same for HTTP and sockets. */
export interface CallerIdentity {
  readonly userId: string;
  readonly sessionId: string;
}

export type AuthenticatedRequest = Request & { caller?: CallerIdentity };

/** The authenticated caller of a route or socket command. */
export const Caller = createParamDecorator(
  (_data: unknown, context: ExecutionContext): CallerIdentity | undefined =>
    context.getType() === 'ws'
      ? identityOf(context.switchToWs().getClient<Socket>())
      : context.switchToHttp().getRequest<AuthenticatedRequest>().caller,
);
