import { Injectable } from '@nestjs/common';
import { Configuration } from '../../platform/configuration/configuration';
import { RATE_LIMITED } from '../../platform/problems/general-problems';
import { INVALID_CREDENTIALS } from './authentication.problems';
import { Problem } from '../../platform/problems/problem';
import { AttemptStore, type Budget } from '../../platform/rate-limits/attempt-store';
import type { DelayRule } from '../../platform/rate-limits/growing-delays';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Budgets for wrong passwords. docs/adr/0028-hashing-and-budgets.md has the reasons for the numbers. */
const RULES = {
  /** For one account from one network or one session: about 60 an hour at first, and 4 an hour after a while. */
  pair: { free: 10, firstMs: 5 * SECOND, maxMs: 15 * MINUTE, forgetMs: MINUTE },
  /** For one account from all networks that it was never used from. */
  account: { free: 50, firstMs: SECOND, maxMs: MINUTE, forgetMs: MINUTE },
  /** From one network for all accounts that were never used from it. */
  network: { free: 60, firstMs: SECOND, maxMs: MINUTE, forgetMs: 5 * SECOND },
} as const satisfies Record<string, DelayRule>;

/** An attempt to sign in or to confirm a password. */
export interface PasswordAttempt {
  /** The id of the account; for an unknown account, the folded login. */
  readonly account: string;
  /** The network of the client; for a signed-in caller, the session. */
  readonly from: string;
  /** Whether the account was used from there before. Strangers' attempts elsewhere do not slow it down. */
  readonly isFamiliar: boolean;
}

/**
 * Slows down guessing without locking anybody out. It charges an attempt before the password is hashed and gives the
 * charge back unless the password was wrong.
 */
@Injectable()
export class PasswordBudgets {
  private readonly isOn: boolean;

  constructor(
    configuration: Configuration,
    private readonly store: AttemptStore,
  ) {
    this.isOn = configuration.RATE_LIMITS === 'on';
  }

  /** @throws Problem `rate-limited` before `work` begins, or the error of `work` */
  async charge<T>(attempt: PasswordAttempt, work: () => Promise<T>): Promise<T> {
    if (!this.isOn) return work();
    const budgets = budgetsOf(attempt);
    const charges = await this.store.take(budgets);
    if (typeof charges === 'number') throw new Problem(RATE_LIMITED, { retryAfter: charges });
    try {
      const result = await work();
      await this.store.giveBack(charges);
      await this.store.forget(budgets[0]);
      return result;
    } catch (error) {
      const isWrong = error instanceof Problem && error.kind === INVALID_CREDENTIALS;
      if (!isWrong) await this.store.giveBack(charges);
      throw error;
    }
  }
}

function budgetsOf({ account, from, isFamiliar }: PasswordAttempt): [pair: Budget, ...Budget[]] {
  const budget = (name: keyof typeof RULES, key: string): Budget => ({ name, rule: RULES[name], key });
  const pair = budget('pair', `${account} ${from}`);
  return isFamiliar ? [pair] : [pair, budget('account', account), budget('network', from)];
}
