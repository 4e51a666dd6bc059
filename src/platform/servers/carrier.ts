/**
 * Carries messages between servers beside the log, faster than PostgreSQL's notifications. The log has everything that
 * a carrier loses or delays: each server looks into it twice a second.
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

/** Events of one room that the log names. */
export interface RoomContent {
  readonly room: string;
  readonly kind: string;
  readonly content: object;
}
