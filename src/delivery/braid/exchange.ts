import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { AuthenticatedRequest, CallerIdentity } from '../../platform/http/caller';
import { parseId } from '../../platform/validation/field-rules';

/** A request, its response and its caller. */
export interface Exchange {
  readonly request: Request;
  readonly response: Response;
  readonly caller: CallerIdentity;
}

export interface ConversationExchange extends Exchange {
  readonly conversationId: string;
}

export interface MessageExchange extends ConversationExchange {
  readonly messageId: string;
}

/** A request whose address names a conversation. @throws Problem `validation-failed` */
export const ConversationRequest = createParamDecorator(
  (_data: unknown, context: ExecutionContext): ConversationExchange => ofConversation(context),
);

/** A request whose address names a message. @throws Problem `validation-failed` */
export const MessageRequest = createParamDecorator(
  (_data: unknown, context: ExecutionContext): MessageExchange => {
    const exchange = ofConversation(context);
    return { ...exchange, messageId: parseId('messageId', String(exchange.request.params.messageId)) };
  },
);

function ofConversation(context: ExecutionContext): ConversationExchange {
  const http = context.switchToHttp();
  const request = http.getRequest<AuthenticatedRequest>();
  const conversationId = parseId('conversationId', String(request.params.conversationId));
  return { request, response: http.getResponse<Response>(), caller: request.caller!, conversationId };
}
