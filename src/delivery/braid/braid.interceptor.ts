import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { Response } from 'express';
import { MessagesController } from '../../features/messages/messages.controller';
import type { AuthenticatedRequest } from '../../platform/http/caller';
import { parseId } from '../../platform/validation/field-rules';
import { from, type Observable } from 'rxjs';
import { catchError, mergeAll } from 'rxjs/operators';
import type { ConversationExchange, MessageExchange } from './exchange';
import { MessageDoor } from './message-door';
import { tagConflict } from './response-headers';
import { TimelineDoor } from './timeline-door';

type Door = (exchange: ConversationExchange, next: CallHandler) => Promise<Observable<unknown>>;

/**
 * Stands in front of the routes of messages, behind the guard. What is asked with Braid's headers is answered here, or
 * put into the words of the JSON API and passed on; other requests pass, and are told the version of what they get.
 */
@Injectable()
export class BraidInterceptor implements NestInterceptor {
  /** By the names of the controller's methods. */
  private readonly doors: ReadonlyMap<string, Door>;

  constructor(messages: MessageDoor, timelines: TimelineDoor) {
    this.doors = new Map<keyof MessagesController, Door>([
      ['page', (exchange, next) => timelines.one(exchange, next)],
      ['get', (exchange, next) => messages.get(ofMessage(exchange), next)],
      ['put', (exchange, next) => messages.put(ofMessage(exchange), next)],
      ['delete', (exchange) => messages.delete(ofMessage(exchange))],
    ]);
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const isOfMessages = context.getClass() === MessagesController;
    const door = isOfMessages ? this.doors.get(context.getHandler().name) : undefined;
    if (!door) return next.handle();
    const http = context.switchToHttp();
    const request = http.getRequest<AuthenticatedRequest>();
    const conversationId = parseId('conversationId', String(request.params.conversationId));
    const response = http.getResponse<Response>();
    const exchange = { request, response, caller: request.caller!, conversationId };
    return from(door(exchange, next)).pipe(
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
