import { AttemptStore, type Budget, type Charges } from './attempt-store';

/** The part of a worker that the store needs: its channel to the primary, which counts for all workers. */
interface Line {
  ask<T>(name: string, content: unknown): Promise<T>;
}

/**
 * Counts the attempts of all workers of an instance in their primary, so that a guesser has one budget for all
 * workers.
 */
export class PrimaryAttemptStore extends AttemptStore {
  constructor(private readonly primary: Line) {
    super();
  }

  async take(budgets: readonly Budget[]): Promise<Charges | number> {
    return this.primary.ask('attempts.take', budgets);
  }

  async giveBack(charges: Charges): Promise<void> {
    await this.primary.ask('attempts.give-back', charges);
  }

  async forget(budget: Budget): Promise<void> {
    await this.primary.ask('attempts.forget', budget);
  }
}
