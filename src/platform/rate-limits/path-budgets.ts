import { Injectable } from '@nestjs/common';
import type { Allowance } from './token-buckets';

/** The budget that requests to certain paths are charged to before their sender is known. */
export interface PathBudget {
  readonly paths: RegExp;
  readonly allowance: Allowance;
}

/** Modules add the budgets of their routes, if these differ from the default. */
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
