/**
 * Carries messages between servers beside the log, faster than PostgreSQL's notifications. A carrier may lose
 * or delay messages: the log has them too, and each server reads it twice a second.
 */
export interface Carrier {
  /**
   * The identity of the broker; undefined while the carrier is not reliable. Servers with the same identity
   * reach each other.
   */
  readonly identity: string | undefined;
  /** Makes every other server read the log. */
  wake(): void;
  /** Sends a signal to the servers that host the room. */
  publishSignal(room: string, text: string): void;
  /** Sends stored events to the servers that host the rooms, and makes these read the log. */
  publishContents(contents: readonly RoomContent[]): void;
}

/** Events of one room; their rows are in the log. */
export interface RoomContent {
  readonly room: string;
  readonly kind: string;
  readonly content: object;
}
