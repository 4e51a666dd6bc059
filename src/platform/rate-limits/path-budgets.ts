import { Injectable } from '@nestjs/common';
import type { Allowance } from './token-buckets';

/** Which budget the requests of certain paths take from before anything is known of their senders. */
export interface PathBudget {
  readonly paths: RegExp;
  readonly allowance: Allowance;
}

/** Modules add what their routes take from, where it is not what other routes take from. */
@Injectable()
export class PathBudgets {
  private readonly budgets: PathBudget[] = [];

  add(budget: PathBudget): void {
    this.budgets.push(budget);
  }

  of(path: string): Allowance | undefined {
    return this.budgets.find(({ paths }) => paths.test(path))?.allowance;
  }
}
