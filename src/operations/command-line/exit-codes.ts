/** What `preflight` and `watch` end with when they have nothing good to say (docs/operating.md). */
export const VERDICTS = { noGo: 30, needsPerson: 31, rollBack: 32, targetsMissed: 33 } as const;
