import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { Response } from 'express';
import { tap, type Observable } from 'rxjs';
import { routeDocument } from '../documents/documented';

/** Sends `Location` with each 201, as the route declares it. */
@Injectable()
export class LocationInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const location = routeDocument(context.getHandler())?.location;
    if (!location || context.getType() !== 'http') return next.handle();
    const response = context.switchToHttp().getResponse<Response>();
    return next.handle().pipe(
      tap((created) => {
        if (response.statusCode === 201) response.setHeader('Location', location(created as never));
      }),
    );
  }
}
