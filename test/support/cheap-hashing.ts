// Most tests need accounts and no strong hashes, which take a processor for tens of milliseconds each. Tests about the
// time that hashing takes say `jest.unmock('@node-rs/argon2')`.
jest.mock('@node-rs/argon2', () => {
  const actual = jest.requireActual<typeof import('@node-rs/argon2')>('@node-rs/argon2');
  const hash: typeof actual.hash = (password, options, ...rest) =>
    actual.hash(password, { ...options, memoryCost: 64, timeCost: 1 }, ...rest);
  return { ...actual, hash };
});
