import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { inBackground } from '../../platform/request-context';
import { readSights } from './presence.queries';
import { PresenceWatches, type Watched } from './presence-watches';

const PAIRS_PER_STATEMENT = 1_000;
const RETRY_MS = 1_000;
/** When so many answers were overtaken, the watcher learns the state by an event instead. */
const MAX_TRIES = 5;

/**
 * Asks the database who may see whom. While a question is open, the socket receives nothing about that user. An answer
 * that a later question overtook is dropped, so that nobody sees by a right that was revoked meanwhile (G6).
 */
@Injectable()
export class PresenceSights {
  private readonly pending = new Set<Watched>();
  private asking: Promise<void> | undefined;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly watches: PresenceWatches,
  ) {}

  /**
   * Asks about people who were just listed. If a later question overtook an answer, it asks again: otherwise the watcher would
   * read "offline", and an event would correct that at once.
   * @throws the error of the database: then the watcher sees none of these people
   */
  async askFirst(people: readonly Watched[]): Promise<void> {
    let open = people;
    for (let tries = 0; open.length > 0 && tries < MAX_TRIES; tries++) {
      await this.ask(open);
      open = open.filter(({ through }) => through === undefined);
    }
  }

  private async ask(people: readonly Watched[]): Promise<void> {
    const asked = people.map((watched) => ({ watched, question: ++watched.question }));
    for (const { watched } of asked) {
      this.pending.delete(watched);
      this.watches.see(watched, undefined);
    }
    const pairs = people.map(({ watch: { viewerId }, userId }) => ({ viewerId, userId }));
    const sights = new Map((await readSights(this.dataSource, pairs)).map((sight) => [sight.place, sight]));
    for (const [place, { watched, question }] of asked.entries()) {
      // Asked again since, or not listed any more.
      if (watched.question !== question || !this.watches.isListed(watched)) continue;
      const sight = sights.get(place);
      this.watches.see(watched, sight?.through ?? null);
      if (sight) this.watches.seen(watched.userId, sight.lastSeenAt?.getTime());
    }
    this.watches.mark(people);
  }

  /** Asks again soon, together with other questions. Until then the sockets receive nothing about these users. */
  askAgain(people: Iterable<Watched>): void {
    for (const watched of people) {
      watched.question++;
      this.watches.see(watched, undefined);
      this.pending.add(watched);
    }
    if (this.pending.size > 0)
      this.asking ??= inBackground(() => this.askPending()).finally(() => (this.asking = undefined));
  }

  /** After a block, the two do not see each other from this moment on. */
  forbid(people: Iterable<Watched>): void {
    const forbidden = [...people];
    for (const watched of forbidden) {
      watched.question++;
      this.pending.delete(watched);
      this.watches.see(watched, null);
    }
    this.watches.mark(forbidden);
  }

  private async askPending(): Promise<void> {
    while (this.pending.size > 0) {
      await Promise.resolve();
      const people = [...this.pending].slice(0, PAIRS_PER_STATEMENT);
      if (people.length === 0) return;
      for (const watched of people) this.pending.delete(watched);
      try {
        await this.ask(people);
      } catch {
        for (const watched of people) if (watched.through === undefined) this.pending.add(watched);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
      }
    }
  }
}
