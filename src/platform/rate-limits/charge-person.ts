import { COMMAND } from './allowances';
import type { RateLimits } from './rate-limits';
import type { Suspensions } from './suspensions';

interface Dependencies {
  readonly rateLimits: RateLimits;
  readonly suspensions: Suspensions;
}

/**
 * Charges a person for a request, a command or a handshake. Suspends a person who continues after rejections.
 * @throws Problem `rate-limited`
 */
export function chargePerson(
  { rateLimits, suspensions }: Dependencies,
  userId: string,
  onSuspended: () => void = () => undefined,
): void {
  if (rateLimits.tryTake(COMMAND, userId)) return;
  if (suspensions.noteRefusal(userId)) onSuspended();
  rateLimits.take(COMMAND, userId);
}
