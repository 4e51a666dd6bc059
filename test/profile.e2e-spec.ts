import { signUp } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';

describe('a profile', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  it('can be changed by its owner, field by field, and is seen by others', async () => {
    const [ada, ben] = [await signUp(server.url, { email: 'Ada@Example.org' }), await signUp(server.url)];
    const changed = await ada.call('PATCH', '/users/me', {
      displayName: 'Ada 🦉',
      avatarUrl: 'https://example.org/ada.png',
      status: 'away until Monday',
    });
    expect(changed).toMatchObject({
      status: 200,
      body: {
        displayName: 'Ada 🦉',
        avatarUrl: 'https://example.org/ada.png',
        status: 'away until Monday',
        email: 'ada@example.org',
      },
    });
    const partly = await ada.call('PATCH', '/users/me', { status: null });
    expect(partly.body).toEqual({ ...changed.body, status: null });
    const { email, ...visible } = partly.body;
    expect(email).toBe('ada@example.org');
    expect((await ben.call('GET', `/users/${ada.id}`)).body).toEqual(visible);
  });

  it.each([
    [{ displayName: '' }, '/displayName'],
    [{ displayName: 'x'.repeat(65) }, '/displayName'],
    [{ avatarUrl: 'http://example.org/a.png' }, '/avatarUrl'],
    [{ avatarUrl: 'javascript:alert(1)' }, '/avatarUrl'],
    [{ status: 'x'.repeat(141) }, '/status'],
    [{ status: { length: 1 } }, '/status'],
    [{ username: 'somebody-else' }, '/username'],
    [{ isOperator: true }, '/isOperator'],
  ])('rejects %j', async (body, pointer) => {
    const ada = await signUp(server.url);
    const before = (await ada.call('GET', '/users/me')).body;
    const refused = await ada.call('PATCH', '/users/me', body);
    expect(refused).toMatchObject({
      status: 400,
      body: { code: 'validation-failed', errors: [{ pointer }] },
    });
    expect((await ada.call('GET', '/users/me')).body).toEqual(before);
  });
});
