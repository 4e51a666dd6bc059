import type { ConversationView } from './types.ts';

interface Place {
  /** Grows with each activity of any conversation. */
  readonly place: number;
  /** The newest message that is counted. */
  readonly seq: number;
}

/**
 * Which conversations were active last. The order is the one of the server's list, and then of what arrives: the time of
 * a message says nothing, because a clock may have been ahead when the message was stored.
 */
export class ActivityOrder {
  private readonly places = new Map<string, Place>();
  private last = 0;

  /** Takes the order of the whole list of the server, the newest first. What has arrived since stays ahead of it. */
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

  /** Higher is later; 0 for a conversation of which the server has said nothing yet. */
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
