/** How far a conversation has been told: all messages up to `seq`, all later changes up to `rev`. */
export interface Position {
  readonly seq: number;
  readonly rev: number;
}

const POSITION = /^(\d{1,15})\.(\d{1,15})(?:\.(\d{1,9}))?$/;
const FIRST_EPOCH = 1;

/** The name of a position as a version: `<seq>.<rev>`, and the epoch behind it once that has changed. */
export function versionOf({ seq, rev }: Position, epoch: number): string {
  return epoch === FIRST_EPOCH ? `${seq}.${rev}` : `${seq}.${rev}.${epoch}`;
}

/** Undefined when it is not the name of a position. */
export function readVersion(version: string): (Position & { epoch: number }) | undefined {
  const [, seq, rev, epoch] = POSITION.exec(version) ?? [];
  if (seq === undefined) return undefined;
  return { seq: Number(seq), rev: Number(rev), epoch: Number(epoch ?? FIRST_EPOCH) };
}

/** What is known for sure to somebody who has been at both. */
export function earlierOf(one: Position, other: Position): Position {
  return { seq: Math.min(one.seq, other.seq), rev: Math.min(one.rev, other.rev) };
}
