import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { Response } from 'express';
import { MessagesController } from '../../features/messages/messages.controller';
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
 * Stands in front of the routes of messages, behind the guard. What is asked with Braid's headers is answered here, or
 * put into the words of the JSON API and passed on; other requests pass, and are told the version of what they get.
 */
@Injectable()
export class BraidInterceptor implements NestInterceptor {
  /** By the names of the controller's methods. */
  private readonly routes: ReadonlyMap<string, BraidRoute>;

  constructor(messages: BraidMessages, timelines: BraidTimelines) {
    this.routes = new Map<keyof MessagesController, BraidRoute>([
      ['page', (exchange, next) => timelines.one(exchange, next)],
      ['get', (exchange, next) => messages.get(ofMessage(exchange), next)],
      ['put', (exchange, next) => messages.put(ofMessage(exchange), next)],
      ['delete', (exchange) => messages.delete(ofMessage(exchange))],
    ]);
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const isOfMessages = context.getClass() === MessagesController;
    const route = isOfMessages ? this.routes.get(context.getHandler().name) : undefined;
    if (!route) return next.handle();
    const http = context.switchToHttp();
    const request = http.getRequest<AuthenticatedRequest>();
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
