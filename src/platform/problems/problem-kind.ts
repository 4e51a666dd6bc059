import type { JsonSchema, Schema } from '../documents/schema';

/** The extra members of problems of one kind. */
export interface CarriedField {
  readonly field: string;
  readonly schema: Schema<unknown>;
}

/** A kind of problem: programs check its `code`, and the texts explain it to people. Codes are part of the contract. */
export interface ProblemKind {
  readonly code: string;
  readonly status: number;
  readonly title: string;
  /** The cause, and what the client should do, as served under `/problems/<code>`. */
  readonly explanation: string;
  /** Seconds to wait before a retry, unless the problem itself sets them. */
  readonly retryAfter?: number;
  readonly carries?: CarriedField;
}

const declared = new Map<string, ProblemKind>();

/**
 * Declares a kind of problem, in the module that it belongs to. Code that throws it imports it from there. The
 * documents, `/problems/<code>` and docs/errors.md list all declared kinds.
 * @throws Error when the code is declared already
 */
export function declareProblem(
  code: string,
  status: number,
  title: string,
  explanation: string,
  more: Pick<ProblemKind, 'retryAfter' | 'carries'> = {},
): ProblemKind {
  if (declared.has(code)) throw new Error(`the problem ${code} is declared twice`);
  const kind = { code, status, title, explanation, ...more };
  declared.set(code, kind);
  return kind;
}

/** By status and code, since the order of declaration is the one in which files happen to be loaded. */
export function declaredProblems(): ProblemKind[] {
  return [...declared.values()].sort((a, b) => a.status - b.status || (a.code < b.code ? -1 : 1));
}

/** Read when the documents are made: by then all problems are declared. */
export const problemCode = (facts: JsonSchema = {}): Schema<string> => ({
  type: 'string',
  get enum() {
    return declaredProblems().map(({ code }) => code);
  },
  ...facts,
});

export function declaredProblem(code: string): ProblemKind | undefined {
  return declared.get(code);
}
