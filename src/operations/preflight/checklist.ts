import type { DataSource } from 'typeorm';
import type { Configuration } from '../../platform/configuration/configuration';
import type { DatabaseSchema } from '../../platform/database/database-options';
import type { ServerFacts } from '../../platform/database/verify-database';
import type { MigrationPlan } from '../../platform/migrations/plan';

/** `person`: only a person can decide, or the command was given no source to ask. */
export type Status = 'green' | 'red' | 'person';

export interface ItemResult {
  readonly status: Status;
  /** A sentence that says what was found and, unless the item is green, what to do about it. */
  readonly evidence: string;
}

/** One line of the checklist. */
export interface ChecklistItem extends ItemResult {
  readonly name: string;
}

/** The input of the checklist. */
export interface Surroundings {
  readonly url: string;
  readonly isEmbedded: boolean;
  readonly configuration: Configuration;
  readonly schema: DatabaseSchema;
  readonly facts: ServerFacts;
  readonly dataSource: DataSource;
  readonly options: PreflightOptions;
  readonly progress: (what: string) => void;
}

/** The context of all checks. */
export interface Ground extends Surroundings {
  /** The plan of `migrate up`, computed once for all checks. */
  readonly plan: Promise<MigrationPlan>;
}

export interface PreflightOptions {
  /** The URL of Prometheus, to ask whether the alert rules are loaded. */
  readonly prometheus?: string;
  /** The alert rules of this release: a file with lines such as `- alert: Name`. */
  readonly alertRules: string;
  /** The file that `jest --json --outputFile` wrote. */
  readonly testResults?: string;
  /** The percentage of a disk that must be free. */
  readonly diskFree: number;
}

export const green = (evidence: string): ItemResult => ({ status: 'green', evidence });
export const red = (evidence: string): ItemResult => ({ status: 'red', evidence });
export const person = (evidence: string): ItemResult => ({ status: 'person', evidence });
