/**
 * Takes what servers tell each other beside the log, faster than notifications of PostgreSQL. Whatever it loses or delays,
 * the log has: a server looks into it twice a second by itself.
 */
export interface Carrier {
  /** Which broker it is; undefined while it cannot be relied on. Servers that read the same reach each other. */
  readonly identity: string | undefined;
  /** Makes every other server look into the log. */
  wake(): void;
  /** Takes a signal to the servers that host the room. */
  publishSignal(room: string, text: string): void;
  /** Takes what was stored to the servers that host the rooms, and makes these look into the log. */
  publishContents(contents: readonly RoomContent[]): void;
}

/** What the log names, of one room. */
export interface RoomContent {
  readonly room: string;
  readonly kind: string;
  readonly content: object;
}
