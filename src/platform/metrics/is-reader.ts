import { timingSafeEqual } from 'node:crypto';

/**
 * Whether a request with this `Authorization` may read the metrics; without a configured token, every request may.
 */
export function isReader(authorization: string | undefined, token: string | undefined): boolean {
  if (!token) return true;
  const given = Buffer.from(authorization ?? '');
  const expected = Buffer.from(`Bearer ${token}`);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
