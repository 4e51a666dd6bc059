/** A mistake that somebody might make, and the test that has to notice it. */
export interface Mutant {
  readonly name: string;
  readonly patches: readonly Patch[];
  readonly caughtBy: Target;
}

/** `find` stands exactly once in the file; a mutant whose text is gone is a failure, not a survivor. */
export interface Patch {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A test file, and if need be one test in it. Those that start the server as a process need it to be built. */
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
/** A file of `npm run test:guarantees`, and if need be one test in it. */
export const proof = (name: string, test?: string): Target => ({
  project: 'guarantees',
  file: `test/guarantees/proofs/${name}`,
  test,
  needsBuild: true,
});
/** What no test of the whole can tell from the limits around it. */
export const unit = (file: string, test: string): Target => ({
  project: 'unit',
  file: `src/${file}.spec`,
  test,
  needsBuild: false,
});
/** In the process of the test. */
export const within = (file: string, test: string): Target => ({
  project: 'end-to-end',
  file: `test/${file}.e2e-spec`,
  test,
  needsBuild: false,
});
