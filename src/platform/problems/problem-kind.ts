import type { JsonSchema, Schema } from '../documents/schema';

/** What problems of a kind carry besides what all problems have. */
export interface CarriedField {
  readonly field: string;
  readonly schema: Schema<unknown>;
}

/** One kind of refusal: `code` names it for programs, the texts explain it to people. Codes are the contract. */
export interface ProblemKind {
  readonly code: string;
  readonly status: number;
  readonly title: string;
  /** What happened and what the client should do, as served under `/problems/<code>`. */
  readonly explanation: string;
  /** Seconds until another try makes sense, unless the problem itself says so. */
  readonly retryAfter?: number;
  readonly carries?: CarriedField;
}

const declared = new Map<string, ProblemKind>();

/**
 * Declares a kind of problem, in the module whose problem it is. Whoever refuses with it imports it from there. The
 * documents, `/problems/<code>` and docs/errors.md show all that are declared.
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
