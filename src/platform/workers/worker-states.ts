/** The message that the primary sends all workers whenever a state changes. */
export interface WorkerStates {
  /** The port on which a serving worker accepts requests from other workers, by the number of the worker. */
  readonly peerPorts: Readonly<Record<number, number>>;
  /** Serving workers that do not answer the primary, or are not ready themselves. */
  readonly notAnswering: readonly number[];
  readonly notReady: readonly number[];
  readonly total: number;
}

/** The first notice of a worker, once it serves. */
export interface ServingNotice {
  readonly url: string;
  readonly peerPort: number;
}

/** Why a worker could not start. */
export interface FailureNotice {
  readonly message: string;
  readonly exitCode: number;
}
