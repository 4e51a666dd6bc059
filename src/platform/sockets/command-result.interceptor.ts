import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { catchError, map, of, type Observable } from 'rxjs';
import { StructuredLogger } from '../logging/structured-logger';
import { currentContext } from '../request-context';
import { rejection } from './command-middleware';

/**
 * Turns the result or the error of a command's handler into its acknowledgement. Without this, a client would get
 * none after an error.
 */
@Injectable()
export class CommandResultInterceptor implements NestInterceptor {
  constructor(private readonly logger: StructuredLogger) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'ws') return next.handle();
    const event = context.switchToWs().getPattern();
    return next.handle().pipe(
      map((data: unknown) => ({ ok: true, data: data ?? {} })),
      catchError((error: unknown) =>
        of(rejection(error, event, currentContext()?.requestId ?? '', this.logger)),
      ),
    );
  }
}
