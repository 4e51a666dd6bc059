/** A listener of one event. */
export type Listener<T> = (payload: T) => void;

/** A tiny typed emitter. A listener that throws harms nobody else. */
export class Emitter<Events extends object> {
  private readonly listeners = new Map<keyof Events, Set<Listener<never>>>();

  /** Listens; the answer stops it. */
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
        // The application's mistake becomes visible where its other mistakes do, and not in the middle of our work.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
