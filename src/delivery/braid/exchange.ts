import type { Request, Response } from 'express';
import type { CallerIdentity } from '../../platform/http/caller';

/** A request that a route answers, and who asks. */
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
