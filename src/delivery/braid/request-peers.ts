import { Injectable } from '@nestjs/common';
import { currentContext, type RequestContext } from '../../platform/request-context';

/** The program behind the current request, so that its own streams leave out what it did. */
@Injectable()
export class RequestPeers {
  private readonly peers = new WeakMap<RequestContext, string>();

  /** A peer's name is a claim, so it counts only for its own user. */
  remember(userId: string, peer: string): void {
    const context = currentContext();
    if (context) this.peers.set(context, `${userId} ${peer}`);
  }

  isCurrent(userId: string, peer: string): boolean {
    const context = currentContext();
    return context !== undefined && this.peers.get(context) === `${userId} ${peer}`;
  }
}
