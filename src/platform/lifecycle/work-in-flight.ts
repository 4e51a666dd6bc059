import { Injectable } from '@nestjs/common';

/**
 * Counts requests and commands that are not answered yet, so that a shutdown can wait for them.
 *
 *   serving  → all requests and commands are accepted
 *   draining → readiness is red; requests are still accepted until the drain delay is over
 *   closed   → new work is rejected with 503 `draining`; work in flight is finished
 */
@Injectable()
export class WorkInFlight {
  private count = 0;
  private phase: 'serving' | 'draining' | 'closed' = 'serving';
  private waiting: (() => void)[] = [];

  get isDraining(): boolean {
    return this.phase !== 'serving';
  }

  /** True once new work has to be rejected. */
  get isClosed(): boolean {
    return this.phase === 'closed';
  }

  get size(): number {
    return this.count;
  }

  /** @returns a function to call once, when the work is answered */
  begin(): () => void {
    this.count++;
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.count--;
      if (this.count === 0) this.waiting.splice(0).forEach((resolve) => resolve());
    };
  }

  startDraining(): void {
    if (this.phase === 'serving') this.phase = 'draining';
  }

  close(): void {
    this.phase = 'closed';
  }

  /** Resolves when nothing is in flight, or after `boundMs`; true when everything was finished. */
  async idle(boundMs: number): Promise<boolean> {
    if (this.count === 0) return true;
    let timer: NodeJS.Timeout | undefined;
    const bound = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), boundMs)));
    const done = new Promise<boolean>((resolve) => this.waiting.push(() => resolve(true)));
    return Promise.race([done, bound]).finally(() => clearTimeout(timer));
  }
}
