import type { ProblemCode } from '../problems/catalogue';

/** What decides which refusals a route or command has in common with others. */
export interface Circumstances {
  readonly kind: 'service' | 'page' | 'probe';
  readonly isPublic: boolean;
  readonly isWrite: boolean;
  readonly hasBody: boolean;
  /** Path or query parameters, a body, or a payload: something that can be wrong. */
  readonly hasInput: boolean;
}

const READ_UNAVAILABLE: ProblemCode[] = [
  'temporarily-unavailable',
  'database-busy',
  'schema-mismatch',
  'draining',
];
const WRITE_UNAVAILABLE: ProblemCode[] = [
  ...READ_UNAVAILABLE,
  'storage-full',
  'database-read-only',
  'maintenance',
];

/** The refusals that come from what surrounds every handler: middleware, guard, pipe, limits and the database. */
export function commonProblems(about: Circumstances): ProblemCode[] {
  const { kind, isPublic, isWrite, hasBody, hasInput } = about;
  if (kind === 'probe') return ['internal'];
  const codes: ProblemCode[] = hasInput ? ['validation-failed', 'malformed-request'] : [];
  if (!isPublic) codes.push('unauthenticated', 'token-expired', 'session-revoked');
  if (hasBody) codes.push('request-timeout', 'payload-too-large', 'unsupported-media-type');
  if (kind === 'page') return [...codes, 'internal', 'draining'];
  if (isWrite) codes.push('not-found'); // what it refers to has gone in that very moment
  codes.push('rate-limited', 'internal', ...(isWrite ? WRITE_UNAVAILABLE : READ_UNAVAILABLE));
  return isWrite ? [...codes, 'outcome-unknown'] : codes;
}

/** The same for a command: its socket has authenticated, and its payload comes whole. */
export function commonCommandProblems(isWrite: boolean): ProblemCode[] {
  return commonProblems({ kind: 'service', isPublic: true, isWrite, hasBody: false, hasInput: true });
}
