/** The exit codes of `preflight` and `watch` after a bad verdict (docs/operating.md). */
export const VERDICTS = { noGo: 30, needsPerson: 31, rollBack: 32, targetsMissed: 33 } as const;
