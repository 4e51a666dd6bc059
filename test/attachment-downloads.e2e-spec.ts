import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { call, type Answer } from './support/api';
import { download, PIXEL, uploaded } from './support/attachments';
import { signUpAll, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';

describe('downloads of attachments', () => {
  let server: TestServer;
  let ada: Person;
  let ben: Person;

  beforeAll(async () => {
    server = await startTestServer();
    [ada, ben] = (await signUpAll(server.url, 2)) as [Person, Person];
  });
  afterAll(() => server.close());

  const TEXT = '0123456789';
  const text = (): Promise<Answer['body']> => uploaded(ada, { name: 'digits.txt', content: TEXT });
  const ranged = (id: string, range: string, more: Record<string, string> = {}): Promise<Answer> =>
    download(ada, id, { headers: { range, ...more } });

  it.each([
    ['bytes=2-4', '234', 'bytes 2-4/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=-2', '89', 'bytes 8-9/10'],
    ['bytes=5-500', '56789', 'bytes 5-9/10'],
  ])('answer the range %s', async (range, expected, place) => {
    const answer = await ranged((await text()).id, range);
    expect(answer).toMatchObject({ status: 206, body: expected });
    expect(answer.headers.get('content-range')).toBe(place);
    expect(answer.headers.get('content-length')).toBe(String(expected.length));
  });

  it.each(['bytes=10-', 'bytes=4-2', 'bytes=0-1,3-4', 'lines=0-1', 'nonsense'])(
    'answer with the whole file to the range %s',
    async (range) => {
      expect(await ranged((await text()).id, range)).toMatchObject({ status: 200, body: TEXT });
    },
  );

  it('answer a range only if the reader has this version', async () => {
    const { id } = await text();
    const tag = (await download(ada, id)).headers.get('etag')!;
    expect(await ranged(id, 'bytes=0-1', { 'if-range': tag })).toMatchObject({ status: 206, body: '01' });
    expect(await ranged(id, 'bytes=0-1', { 'if-range': '"other"' })).toMatchObject({
      status: 200,
      body: TEXT,
    });
  });

  // Tests G6.
  it('are not sent again to a reader who has them, but check access each time', async () => {
    const group = await ada.group(ben);
    const { id } = await text();
    await ada.send(group, '', { attachmentIds: [id] });
    const { headers } = await download(ben, id);
    expect(headers.get('cache-control')).toBe('private, no-cache');
    const again = { headers: { 'if-none-match': headers.get('etag')! } };
    const unchanged = await download(ben, id, again);
    expect(unchanged).toMatchObject({ status: 304, body: undefined });
    expect(unchanged.headers.get('cache-control')).toBe('private, no-cache');
    await ada.call('DELETE', `/conversations/${group}/participants/${ben.id}`);
    expect((await download(ben, id, again)).status).toBe(404);
  });

  it('answer HEAD like GET, without the file', async () => {
    const { id } = await text();
    const head = await ada.call('HEAD', `/attachments/${id}`);
    expect(head).toMatchObject({ status: 200, body: undefined });
    expect(head.headers.get('content-length')).toBe('10');
  });

  it.each([
    ['a picture', { name: 'a.png', content: PIXEL }, 'image/png', 'inline; filename=a.png'],
    [
      'a text',
      { name: 'a.txt', content: 'hello' },
      'text/plain; charset=utf-8',
      'attachment; filename=a.txt',
    ],
    [
      'HTML',
      { name: 'a.html', content: '<!doctype html><script>alert(1)</script>', type: 'text/html' },
      'text/plain; charset=utf-8',
      'attachment; filename=a.html',
    ],
    [
      'HTML that says it is a picture',
      { name: 'a.png', content: '<html><script>alert(1)</script>', type: 'image/png' },
      'text/plain; charset=utf-8',
      'attachment; filename=a.png',
    ],
    [
      'SVG',
      {
        name: 'a.svg',
        content: '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script/></svg>',
        type: 'image/svg+xml',
      },
      'application/xml',
      'attachment; filename=a.svg',
    ],
    [
      'SVG without a prologue',
      { name: 'a.svg', content: '<svg onload="alert(1)"/>', type: 'image/svg+xml' },
      'text/plain; charset=utf-8',
      'attachment; filename=a.svg',
    ],
    [
      'a picture with a page behind it',
      { name: 'a.gif', content: 'GIF89a/*<script>alert(1)</script>*/', type: 'text/html' },
      'image/gif',
      'inline; filename=a.gif',
    ],
    [
      'a program',
      { name: 'a.exe', content: Buffer.from('MZ\0\0\x01\x02') },
      'application/x-msdownload',
      'attachment; filename=a.exe',
    ],
    [
      'bytes',
      { name: 'a.bin', content: Buffer.from([0, 1, 2, 3]) },
      'application/octet-stream',
      'attachment; filename=a.bin',
    ],
    [
      'an empty file',
      { name: 'a.txt', content: '' },
      'text/plain; charset=utf-8',
      'attachment; filename=a.txt',
    ],
    [
      'a name in other letters',
      { name: 'größe €.png' },
      'image/png',
      `inline; filename="gr??e ?.png"; filename*=UTF-8''gr%C3%B6%C3%9Fe%20%E2%82%AC.png`,
    ],
  ])('never run as a program in a browser: %s', async (_name, file, type, disposition) => {
    const { id } = await uploaded(ada, file);
    const { headers, status } = await download(ada, id);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe(type);
    expect(headers.get('content-disposition')).toBe(disposition);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; sandbox; frame-ancestors 'none'",
    );
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
  });

  it('let a browser show pictures by a cookie, which allows nothing but reading files', async () => {
    const { id } = await uploaded(ada);
    const { status, headers } = await ada.call('PUT', '/attachments/access');
    expect(status).toBe(204);
    const given = headers.get('set-cookie')!;
    expect(given).toMatch(
      /^xfchat-files=[^;]+; Max-Age=900; Path=\/api\/v1\/attachments; Expires=[^;]+; HttpOnly; SameSite=Strict$/,
    );
    const cookie = given.split(';')[0]!;
    const withCookie = (method: string, path: string): Promise<Answer> =>
      call(server.url, method, `/api/v1${path}`, { headers: { cookie: `theme=dark; ${cookie}` } });
    expect((await withCookie('GET', `/attachments/${id}`)).status).toBe(200);
    for (const [method, path] of [
      ['POST', '/attachments'],
      ['PUT', '/attachments/access'],
      ['GET', '/users/me'],
      ['GET', '/attachments'],
    ] as const)
      expect((await withCookie(method, path)).status).not.toBe(200);
    const other = (await ben.call('PUT', '/attachments/access')).headers.get('set-cookie')!.split(';')[0]!;
    const foreign = await call(server.url, 'GET', `/api/v1/attachments/${id}`, {
      headers: { cookie: other },
    });
    expect(foreign.body).toMatchObject({ code: 'attachment-not-found' });
    await ada.call('POST', '/auth/logout');
    expect((await withCookie('GET', `/attachments/${id}`)).body).toMatchObject({ code: 'session-revoked' });
  });

  it('answer with an internal error when the file is missing', async () => {
    const { id } = await uploaded(ben);
    rmSync(join(server.configuration.attachmentsFolder, id.slice(-2), id));
    const answer = await download(ben, id);
    expect(answer.body).toMatchObject({ status: 500, code: 'internal' });
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });
});
