/** A plausible mistake, and the test that must detect it. */
export interface Mutant {
  readonly name: string;
  readonly patches: readonly Patch[];
  readonly caughtBy: Target;
}

/** `find` must occur exactly once in the file. A mutant whose text is missing is a failure, not a survivor. */
export interface Patch {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A test file, and optionally one test in it. Tests that start the server as a process need a build. */
export interface Target {
  readonly project: 'unit' | 'end-to-end' | 'guarantees';
  readonly file: string;
  readonly test?: string;
  readonly needsBuild: boolean;
}

export const BRIEF: Target = {
  project: 'end-to-end',
  file: 'test/guarantees/faults-in-brief',
  needsBuild: true,
};
/** A file of `npm run test:guarantees`, and optionally one test in it. */
export const proof = (name: string, test?: string): Target => ({
  project: 'guarantees',
  file: `test/guarantees/proofs/${name}`,
  test,
  needsBuild: true,
});
/** A unit test, for a mistake that other limits would hide in a test of the whole server. */
export const unit = (file: string, test: string): Target => ({
  project: 'unit',
  file: `src/${file}.spec`,
  test,
  needsBuild: false,
});
/** A test that runs the server in its own process. */
export const within = (file: string, test: string): Target => ({
  project: 'end-to-end',
  file: `test/${file}.e2e-spec`,
  test,
  needsBuild: false,
});
