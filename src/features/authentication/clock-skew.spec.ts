import { randomUUID } from 'node:crypto';
import { Configuration } from '../../platform/configuration/configuration';
import { Problem } from '../../platform/problems/problem';
import { AccessTokens, LEEWAY_SECONDS } from './access-tokens';
import { SigningKeys } from './signing-keys';

const configuration = Object.assign(new Configuration(), {
  AUTH_SECRET: 'a'.repeat(48),
  ACCESS_TOKEN_LIFETIME_MS: 60_000,
});
const server = (): AccessTokens => new AccessTokens(configuration, new SigningKeys(configuration));
const [signing, verifying] = [server(), server()];

/** Two servers verify each other's tokens while their clocks differ by `skewSeconds`. */
function outcomeAt(skewSeconds: number, ageSeconds: number): string {
  const now = Date.UTC(2026, 0, 1);
  jest.setSystemTime(now);
  const token = signing.sign(randomUUID(), randomUUID());
  jest.setSystemTime(now + (ageSeconds + skewSeconds) * 1_000);
  try {
    verifying.verify(token);
    return 'accepted';
  } catch (error) {
    return (error as Problem).code;
  }
}

describe('servers whose clocks differ', () => {
  beforeEach(() => jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate'] }));
  afterEach(() => jest.useRealTimers());

  it('tolerate at least 45 seconds', () => expect(LEEWAY_SECONDS).toBeGreaterThanOrEqual(45));

  it.each([-LEEWAY_SECONDS, -45, -1, 0, 1, 45, LEEWAY_SECONDS - 1])(
    'accept each other’s tokens for the whole lifetime: %d seconds',
    (skewSeconds) => {
      for (const ageSeconds of [0, 1, 30, 59])
        expect({ ageSeconds, outcome: outcomeAt(skewSeconds, ageSeconds) }).toEqual({
          ageSeconds,
          outcome: 'accepted',
        });
    },
  );

  it('reject a token that has expired for longer than the tolerance, by either clock', () => {
    expect(outcomeAt(45, 60 + LEEWAY_SECONDS)).toBe('token-expired');
    expect(outcomeAt(LEEWAY_SECONDS + 1, 60)).toBe('token-expired');
  });
});
