/** A listener of one event. */
export type Listener<T> = (payload: T) => void;

/** A small typed event emitter. A listener that throws does not affect the others. */
export class Emitter<Events extends object> {
  private readonly listeners = new Map<keyof Events, Set<Listener<never>>>();

  /** Subscribes to an event. @returns a function that unsubscribes */
  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void {
    const listeners = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  /** @internal */
  emit<Name extends keyof Events>(name: Name, payload: Events[Name]): void {
    for (const listener of [...(this.listeners.get(name) ?? [])]) {
      try {
        (listener as Listener<Events[Name]>)(payload);
      } catch (error) {
        // Throw the application's error outside of this call, where the platform reports uncaught errors.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
