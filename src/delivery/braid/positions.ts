/** How far a reader has got a conversation: all messages up to `seq`, and all later changes up to `rev`. */
export interface Position {
  readonly seq: number;
  readonly rev: number;
}

const POSITION = /^(\d{1,15})\.(\d{1,15})(?:\.(\d{1,9}))?$/;
const FIRST_EPOCH = 1;

/** Names a position as a version: `<seq>.<rev>`, followed by the epoch unless it is the first one. */
export function versionOf({ seq, rev }: Position, epoch: number): string {
  return epoch === FIRST_EPOCH ? `${seq}.${rev}` : `${seq}.${rev}.${epoch}`;
}

/** Undefined when the text names no position. */
export function readVersion(version: string): (Position & { epoch: number }) | undefined {
  const [, seq, rev, epoch] = POSITION.exec(version) ?? [];
  if (seq === undefined) return undefined;
  return { seq: Number(seq), rev: Number(rev), epoch: Number(epoch ?? FIRST_EPOCH) };
}

/** The position that a client certainly has when it names both. */
export function earlierOf(one: Position, other: Position): Position {
  return { seq: Math.min(one.seq, other.seq), rev: Math.min(one.rev, other.rev) };
}
