import { Injectable } from '@nestjs/common';
import { GrowingDelays, type DelayRule } from './growing-delays';

/** A budget that an attempt is charged to. */
export interface Budget {
  /** The name of the rule; budgets with the same name have the same rule. */
  readonly name: string;
  readonly rule: DelayRule;
  readonly key: string;
}

interface Charge {
  readonly budget: Budget;
  readonly receipt: number;
  /** The name of a budget that servers count together. */
  readonly sharedReceipt?: string;
}
export type Charges = readonly Charge[];

/** Counts attempts: for one server (`MemoryAttemptStore`), or for all servers together (`RedisAttemptStore`). */
export abstract class AttemptStore {
  /**
   * Charges all of the budgets or none.
   * @returns the charges, or the seconds to wait before another attempt
   */
  abstract take(budgets: readonly Budget[]): Promise<Charges | number>;
  /** Returns the charges of an attempt that did not fail. */
  abstract giveBack(charges: Charges): Promise<void>;
  /** Resets the failures of one budget. */
  abstract forget(budget: Budget): Promise<void>;
}

@Injectable()
export class MemoryAttemptStore extends AttemptStore {
  private readonly delays = new Map<string, GrowingDelays>();

  async take(budgets: readonly Budget[]): Promise<Charges | number> {
    const waitMs = Math.max(0, ...budgets.map((budget) => this.delaysOf(budget).wait(budget.key)));
    if (waitMs > 0) return Math.max(1, Math.ceil(waitMs / 1_000));
    return budgets.map((budget) => ({ budget, receipt: this.delaysOf(budget).take(budget.key) }));
  }

  async giveBack(charges: Charges): Promise<void> {
    for (const { budget, receipt } of charges) this.delaysOf(budget).giveBack(budget.key, receipt);
  }

  async forget(budget: Budget): Promise<void> {
    this.delaysOf(budget).forget(budget.key);
  }

  private delaysOf({ name, rule }: Budget): GrowingDelays {
    let delays = this.delays.get(name);
    if (!delays) this.delays.set(name, (delays = new GrowingDelays(rule)));
    return delays;
  }
}
