import type { ConversationView } from './types.ts';

interface Place {
  /** Grows with each activity of any conversation. */
  readonly place: number;
  /** The `seq` of the newest message that this place accounts for. */
  readonly seq: number;
}

/**
 * Orders conversations by their latest activity. The order begins with the server's list; each new message then moves its
 * conversation to the top. The time of a message decides nothing, because a clock may have been ahead when it was stored.
 */
export class ActivityOrder {
  private readonly places = new Map<string, Place>();
  private last = 0;

  /** Takes the server's whole list, newest activity first. Conversations with newer messages than the list stay ahead. */
  listed(views: readonly Pick<ConversationView, 'id' | 'lastSeq'>[]): void {
    const later = views
      .flatMap(({ id, lastSeq }) => {
        const known = this.places.get(id);
        return known && known.seq > lastSeq ? [{ id, ...known }] : [];
      })
      .sort((a, b) => a.place - b.place);
    for (const { id, lastSeq } of [...views].reverse()) this.put(id, lastSeq);
    for (const { id, seq } of later) this.put(id, seq);
  }

  /** The messages of a conversation are known up to `seq`. */
  reached(id: string, seq: number): void {
    const known = this.places.get(id);
    if (!known || seq > known.seq) this.put(id, seq);
  }

  /** A higher place means later activity; 0 for a conversation that the server has not mentioned yet. */
  placeOf(id: string): number {
    return this.places.get(id)?.place ?? 0;
  }

  forget(id: string): void {
    this.places.delete(id);
  }

  clear(): void {
    this.places.clear();
  }

  private put(id: string, seq: number): void {
    this.places.set(id, { seq, place: ++this.last });
  }
}
