// Most tests need accounts but no strong hashes, each of which takes tens of milliseconds of a processor. Tests about the time
// of hashing call `jest.unmock('@node-rs/argon2')`.
jest.mock('@node-rs/argon2', () => {
  const actual = jest.requireActual<typeof import('@node-rs/argon2')>('@node-rs/argon2');
  const hash: typeof actual.hash = (password, options, ...rest) =>
    actual.hash(password, { ...options, memoryCost: 64, timeCost: 1 }, ...rest);
  return { ...actual, hash };
});
