import { Injectable } from '@nestjs/common';
import { currentContext, type RequestContext } from '../../platform/request-context';

/** Which program has done what is happening in this request. What it did itself, it is not told on its streams. */
@Injectable()
export class RequestPeers {
  private readonly peers = new WeakMap<RequestContext, string>();

  /** A peer's name is a claim: it counts for its own user only. */
  remember(userId: string, peer: string): void {
    const context = currentContext();
    if (context) this.peers.set(context, `${userId} ${peer}`);
  }

  isCurrent(userId: string, peer: string): boolean {
    const context = currentContext();
    return context !== undefined && this.peers.get(context) === `${userId} ${peer}`;
  }
}
