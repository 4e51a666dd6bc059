/** The message that the primary sends all workers whenever a state changes. */
export interface WorkerStates {
  /** The port on which a worker takes what others hand over to it, by the number of the worker; only those that serve. */
  readonly peerPorts: Readonly<Record<number, number>>;
  /** Workers that serve and do not answer the primary, or would not pass a readiness probe themselves. */
  readonly notAnswering: readonly number[];
  readonly notReady: readonly number[];
  readonly total: number;
}

/** A worker's first words, once it serves. */
export interface ServingNotice {
  readonly url: string;
  readonly peerPort: number;
}

/** Why a worker could not start. */
export interface FailureNotice {
  readonly message: string;
  readonly exitCode: number;
}
