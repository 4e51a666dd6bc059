import { call } from './support/api';
import { signUp } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';

describe('a session whose requests reach servers whose clocks differ', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => server.close());

  // Moves the clock of the server process only; the clock of the database stays.
  const moveClock = (milliseconds: number): void => {
    const { now } = Date;
    jest.spyOn(Date, 'now').mockImplementation(() => now() + milliseconds);
  };
  const refresh = (refreshToken: string) =>
    call(server.url, 'POST', '/api/v1/auth/refresh', { body: { refreshToken } });
  const profile = (token: string) => call(server.url, 'GET', '/api/v1/users/me', { token });

  // Tests G25.
  it.each([-45_000, 45_000])('continues in two tabs that present the same token: %d ms', async (skewMs) => {
    const person = await signUp(server.url);
    const first = await refresh(person.refreshToken);
    moveClock(skewMs);
    const second = await refresh(person.refreshToken);
    expect(second).toMatchObject({ status: 200, body: { refreshToken: first.body.refreshToken } });
    expect(await profile(first.body.accessToken)).toMatchObject({ status: 200 });
    jest.restoreAllMocks();
    expect(await profile(second.body.accessToken)).toMatchObject({ status: 200 });
    expect(await refresh(second.body.refreshToken)).toMatchObject({ status: 200 });
  });
});
