import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { Response } from 'express';
import type { Observable } from 'rxjs';
import { catchError } from 'rxjs/operators';
import { tagConflict } from './response-headers';

/** Sets `Current-Version` to the version with which an edit conflicts. */
@Injectable()
export class ConflictVersion implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      catchError((error: unknown) => {
        tagConflict(context.switchToHttp().getResponse<Response>(), error);
        throw error;
      }),
    );
  }
}
