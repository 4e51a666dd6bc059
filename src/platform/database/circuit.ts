import {
  CircuitState,
  ConsecutiveBreaker,
  ExponentialBackoff,
  circuitBreaker,
  handleWhen,
  isBrokenCircuitError,
  isIsolatedCircuitError,
  type IDisposable,
} from 'cockatiel';

/** The database is known to be down, so no connection was tried. */
export class DatabaseDownError extends Error {
  override name = 'DatabaseDownError';
}

/** Consecutive failures to connect before the circuit opens; then it tries one connection at a time. */
const FAILURES = 5;
const FIRST_TRY_AFTER_MS = 250;
const MAX_TRY_AFTER_MS = 4_000;
/** SQLSTATE. A server without free connections is up: requests that have a connection are served. */
const TOO_MANY_CONNECTIONS = '53300';

/**
 * The circuit breaker in front of the pool. While the database is known to be down, it rejects requests for a
 * connection at once, waiting ones included.
 *
 * It opens in two ways. The `DatabaseMonitor`, which has a connection of its own, holds it open while the database
 * is down. It also opens by itself when the pool cannot get connections although the monitor still has one. Then it
 * allows one attempt at a time, after a growing pause that differs between processes.
 */
export class DatabaseCircuit {
  private readonly policy = circuitBreaker(
    handleWhen((error) => (error as { code?: string }).code !== TOO_MANY_CONNECTIONS),
    {
      breaker: new ConsecutiveBreaker(FAILURES),
      halfOpenAfter: new ExponentialBackoff({ initialDelay: FIRST_TRY_AFTER_MS, maxDelay: MAX_TRY_AFTER_MS }),
    },
  );
  private readonly waiting = new Set<() => void>();
  private isolation: IDisposable | undefined;

  constructor() {
    this.policy.onBreak(() => {
      for (const refuse of [...this.waiting]) refuse();
    });
  }

  /** True while the monitor sees the database down. */
  get isOpen(): boolean {
    return this.policy.state === CircuitState.Isolated;
  }

  /** True unless all connections may be tried. */
  get isDisturbed(): boolean {
    return this.policy.state !== CircuitState.Closed;
  }

  /**
   * Sets the verdict of the monitor. When the database is up again, this also resets the failures that the pool
   * counted.
   */
  set(isOpen: boolean): void {
    if (isOpen) this.isolation ??= this.policy.isolate();
    else {
      this.isolation?.dispose();
      this.isolation = undefined;
    }
  }

  /**
   * Tries to get a connection.
   * @throws DatabaseDownError while the circuit is open
   */
  async try<T>(connect: () => Promise<T>): Promise<T> {
    try {
      return await this.policy.execute(connect);
    } catch (error) {
      if (isBrokenCircuitError(error) || isIsolatedCircuitError(error))
        throw new DatabaseDownError('the database is down');
      throw error;
    }
  }

  /**
   * Calls `refuse` if the circuit opens.
   * @returns a function that cancels this
   */
  onOpen(refuse: () => void): () => void {
    this.waiting.add(refuse);
    return () => this.waiting.delete(refuse);
  }
}
