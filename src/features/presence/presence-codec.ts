import type { PresenceStatus } from './presence.dto';

/** A user's status as a server reports it. */
export interface Said {
  readonly userId: string;
  readonly status: PresenceStatus;
  /** When an offline user was last online, in milliseconds since 1970, unless hidden. */
  readonly seenAt?: number | undefined;
}

/** `Said` in the shortest JSON form: 40 users fit into one signal. */
export type EncodedSaid = readonly [id: string, code: number, seenAt?: number];

const CODES = ['offline', 'away', 'online'] as const satisfies PresenceStatus[];

export function encode({ userId, status, seenAt }: Said): EncodedSaid {
  const id = Buffer.from(userId.replaceAll('-', ''), 'hex').toString('base64url');
  const code = CODES.indexOf(status);
  return seenAt === undefined ? [id, code] : [id, code, seenAt];
}

export function decode([id, code, seenAt]: EncodedSaid): Said {
  const hex = Buffer.from(id, 'base64url').toString('hex');
  const userId = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return { userId, status: CODES[code] ?? 'offline', seenAt };
}
