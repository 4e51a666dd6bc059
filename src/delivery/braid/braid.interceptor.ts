import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { Response } from 'express';
import { routeDocument, type BraidResource } from '../../platform/documents/documented';
import type { AuthenticatedRequest } from '../../platform/http/caller';
import { parseId } from '../../platform/validation/field-rules';
import { from, type Observable } from 'rxjs';
import { catchError, mergeAll } from 'rxjs/operators';
import type { ConversationExchange, MessageExchange } from './exchange';
import { BraidMessages } from './braid-messages';
import { tagConflict } from './response-headers';
import { BraidTimelines } from './braid-timelines';

type BraidRoute = (exchange: ConversationExchange, next: CallHandler) => Promise<Observable<unknown>>;

/**
 * Stands in front of the routes that name a `braidResource`, behind the guard. What is asked with Braid's headers is answered here, or
 * put into the words of the JSON API and passed on; other requests pass, and are told the version of what they get.
 */
@Injectable()
export class BraidInterceptor implements NestInterceptor {
  private readonly routes: Readonly<Record<BraidResource, Readonly<Record<string, BraidRoute>>>>;

  constructor(messages: BraidMessages, timelines: BraidTimelines) {
    this.routes = {
      timeline: {
        GET: (exchange, next) => timelines.one(exchange, next),
      },
      message: {
        GET: (exchange, next) => messages.get(ofMessage(exchange), next),
        PUT: (exchange, next) => messages.put(ofMessage(exchange), next),
        DELETE: (exchange) => messages.delete(ofMessage(exchange)),
      },
    };
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const resource = routeDocument(context.getHandler())?.braidResource;
    if (!resource) return next.handle();
    const http = context.switchToHttp();
    const request = http.getRequest<AuthenticatedRequest>();
    // Express answers HEAD by the route of GET.
    const route = this.routes[resource][request.method === 'HEAD' ? 'GET' : request.method];
    if (!route) throw new Error(`${request.method} of a ${resource} is no route of Braid`);
    const conversationId = parseId('conversationId', String(request.params.conversationId));
    const response = http.getResponse<Response>();
    const exchange = { request, response, caller: request.caller!, conversationId };
    return from(route(exchange, next)).pipe(
      mergeAll(),
      catchError((error: unknown) => {
        tagConflict(response, error);
        throw error;
      }),
    );
  }
}

function ofMessage(exchange: ConversationExchange): MessageExchange {
  return { ...exchange, messageId: parseId('messageId', String(exchange.request.params.messageId)) };
}
