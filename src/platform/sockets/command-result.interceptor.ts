import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { catchError, map, of, type Observable } from 'rxjs';
import { StructuredLogger } from '../logging/structured-logger';
import { logProblem } from '../problems/problem.filter';
import { toProblem } from '../problems/to-problem';
import { currentContext } from '../request-context';

/**
 * Turns what a command's handler returns or throws into its acknowledgement. A handler that threw would otherwise
 * leave its client without one.
 */
@Injectable()
export class CommandResultInterceptor implements NestInterceptor {
  constructor(private readonly logger: StructuredLogger) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'ws') return next.handle();
    const event = context.switchToWs().getPattern();
    return next.handle().pipe(
      map((data: unknown) => ({ ok: true, data: data ?? {} })),
      catchError((error: unknown) => {
        const problem = toProblem(error);
        logProblem(this.logger, problem);
        return of({ ok: false, problem: problem.toDocument(event, currentContext()?.requestId ?? '') });
      }),
    );
  }
}
