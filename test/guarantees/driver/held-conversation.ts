import type { Message } from '../history/history';

interface Position {
  readonly seq: number;
  readonly rev: number;
}

/** What a client holds of one conversation, and up to where it lacks nothing. */
export class HeldConversation {
  private readonly messages = new Map<number, Message>();
  private readonly revs = new Set<number>();
  private seq = 0;
  private rev = 0;
  private highestRev = 0;
  /** Raised whenever everything was thrown away: an answer asked for before that is of no use any more. */
  generation = 0;

  get position(): Position {
    return { seq: this.seq, rev: this.rev };
  }

  /** Something is known that comes after something unknown. */
  get hasHole(): boolean {
    return this.messages.size > this.seq || this.highestRev > this.rev;
  }

  list(): Message[] {
    return [...this.messages.values()].sort((a, b) => a.seq - b.seq);
  }

  clear(): void {
    this.messages.clear();
    this.revs.clear();
    this.seq = this.rev = this.highestRev = 0;
    this.generation++;
  }

  take(message: Message): void {
    const known = this.messages.get(message.seq);
    if (!known || known.rev <= message.rev) this.messages.set(message.seq, message);
    while (this.messages.has(this.seq + 1)) this.seq++;
  }

  takeRev(rev: number): void {
    this.revs.add(rev);
    this.highestRev = Math.max(this.highestRev, rev);
    while (this.revs.has(this.rev + 1)) this.rev++;
  }

  /** One answer of catching up. */
  takeChanges({ messages, cursor }: { messages: Message[]; cursor: Position }): void {
    for (const message of messages) this.take(message);
    this.seq = Math.max(this.seq, cursor.seq);
    this.rev = Math.max(this.rev, cursor.rev);
    while (this.messages.has(this.seq + 1)) this.seq++;
    while (this.revs.has(this.rev + 1)) this.rev++;
  }
}
