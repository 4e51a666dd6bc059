/** The database is known to be down, so no connection was even tried. */
export class DatabaseDownError extends Error {
  override name = 'DatabaseDownError';
}

/**
 * Open while the database is known to be down: whoever wants or awaits a connection is refused at once, instead of
 * waiting for what will not come. The `DatabaseMonitor`, which has a connection of its own, opens and closes it.
 */
export class DatabaseCircuit {
  private readonly waiting = new Set<() => void>();
  private open = false;

  get isOpen(): boolean {
    return this.open;
  }

  set(isOpen: boolean): void {
    this.open = isOpen;
    if (isOpen) for (const refuse of [...this.waiting]) refuse();
  }

  /** Calls `refuse` should the circuit open; returns what ends that. */
  onOpen(refuse: () => void): () => void {
    this.waiting.add(refuse);
    return () => this.waiting.delete(refuse);
  }
}
