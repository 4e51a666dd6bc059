import type { Request, Response } from 'express';
import type { CallerIdentity } from '../platform/http/caller';

/** A request that a door answers, and who asks for what. */
export interface Exchange {
  readonly request: Request;
  readonly response: Response;
  readonly caller: CallerIdentity;
  readonly conversationId: string;
}
