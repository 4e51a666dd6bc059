import { existsSync, readdirSync } from 'node:fs';
import { request as httpRequest, type ClientRequest } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { call, type Answer } from './support/api';
import { PIXEL, sendForm, upload, uploaded } from './support/attachments';
import { signUp, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { until } from './support/until';

const MAX_BYTES = 100_000;
/** Several servers share this secret. */
const AUTH_SECRET = 'a secret that all servers of this test share';
const BOUNDARY = 'the-boundary';

describe('hostile uploads', () => {
  let server: TestServer;
  let ada: Person;

  beforeAll(async () => {
    server = await startTestServer({
      environment: { ATTACHMENT_MAX_BYTES: String(MAX_BYTES), ATTACHMENT_QUOTA_BYTES: '350000', AUTH_SECRET },
    });
  });
  beforeEach(async () => {
    ada = await signUp(server.url);
  });
  afterAll(() => server.close());

  const raw = (text: string, headers: Record<string, string> = {}): Promise<Answer> =>
    call(server.url, 'POST', '/api/v1/attachments', {
      token: ada.accessToken,
      bytes: Buffer.from(text, 'latin1'),
      headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}`, ...headers },
    });
  const part = (head: string, content = 'x'): string => `--${BOUNDARY}\r\n${head}\r\n\r\n${content}\r\n`;
  const END = `--${BOUNDARY}--\r\n`;
  const named = (disposition: string): string => `Content-Disposition: form-data; ${disposition}`;
  const FILE = named('name="file"; filename="a.txt"');

  /** Asserts that a rejected upload left nothing on the disk or in the database. */
  async function expectNothing(): Promise<void> {
    const folder = join(server.configuration.attachmentsFolder, 'uploads');
    await until('nothing is left', async () => {
      const rows = await server.dataSource.query('select from attachments where stored_at is null');
      return rows.length === 0 && (!existsSync(folder) || readdirSync(folder).length === 0);
    });
  }

  it.each([
    ['no part', END],
    ['nothing at all', ''],
    ['another field', part(named('name="other"; filename="a.txt"')) + END],
    ['two files', part(FILE) + part(FILE) + END],
    ['a file and a field', part(FILE) + part(named('name="more"')) + END],
    ['1,000 parts', part(FILE).repeat(1_000) + END],
    ['10,000 parts', part(FILE).repeat(10_000) + END],
    ['no end', part(FILE)],
    ['an end within the head of the part', `--${BOUNDARY}\r\nContent-Dispo`],
    ['a head of 100 kB', part(`X-Long: ${'x'.repeat(100_000)}\r\n${FILE}`) + END],
    ['a part without a name', part('Content-Type: text/plain') + END],
    ['no multipart at all', 'just text'],
  ])('are rejected with %s', async (_name, body) => {
    const { status, body: problem } = await raw(body);
    expect({ status, problem }).toMatchObject({
      status: expect.any(Number),
      problem: { code: expect.stringMatching(/^(validation-failed|malformed-request|payload-too-large)$/) },
    });
    await expectNothing();
  });

  it('are rejected without a boundary, with another media type, and compressed', async () => {
    const body = part(FILE) + END;
    expect((await raw(body, { 'content-type': 'multipart/form-data;' })).status).toBe(400);
    const wrong: Record<string, string>[] = [
      { 'content-type': 'application/octet-stream' },
      { 'content-type': 'multipart/mixed; boundary=x' },
      { 'content-encoding': 'gzip' },
    ];
    for (const headers of wrong)
      expect((await raw(body, headers)).body).toMatchObject({ code: 'unsupported-media-type' });
    expect((await ada.call('POST', '/attachments', { file: 'x' })).body).toMatchObject({
      code: 'unsupported-media-type',
    });
    await expectNothing();
  });

  it.each([
    ['../../etc/passwd', 'passwd'],
    ['..\\\\..\\\\windows\\\\system.ini', 'system.ini'],
    ['/etc/passwd', 'passwd'],
    ['a\0.png', 'a.png'],
    ['..', 'file'],
    ['', 'file'],
    ['a\r\nSet-Cookie: x=y', null],
    [`${'ä'.repeat(300)}.jpeg`, `${'ä'.repeat(195)}.jpeg`],
    ['exe.\u202egnp', 'exe.gnp'],
    ['  a b  ', 'a b'],
  ])('get a harmless name: %j', async (name, expected) => {
    const utf8 = Buffer.from(name).toString('latin1');
    const { status, body } = await raw(part(named(`name="file"; filename="${utf8}"`)) + END);
    if (expected === null) expect([201, 400]).toContain(status);
    else expect(body).toMatchObject({ name: expected });
    expect(JSON.stringify(body.name ?? '')).not.toMatch(/[\r\n]/);
  });

  it('are never unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    const before = process.memoryUsage().rss;
    expect(await uploaded(ada, { name: 'bomb.gz', content: bomb.subarray(0, MAX_BYTES) })).toMatchObject({
      type: 'application/gzip',
    });
    expect(process.memoryUsage().rss - before).toBeLessThan(30_000_000);
  });

  it('are rejected when they are too large, by their declared or their actual length', async () => {
    expect(await uploaded(ada, { content: 'x'.repeat(MAX_BYTES) })).toMatchObject({ size: MAX_BYTES });
    expect((await upload(ada, { content: 'x'.repeat(MAX_BYTES + 1) })).body).toMatchObject({
      status: 413,
      code: 'payload-too-large',
    });
    expect((await upload(ada, { content: 'x'.repeat(10 * MAX_BYTES) })).body).toMatchObject({
      status: 413,
      code: 'payload-too-large',
    });
    await expectNothing();
  });

  it('are rejected beyond the quota of the user, also when concurrent, until a file is deleted', async () => {
    const group = await ada.group();
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => upload(ada, { content: 'x'.repeat(90_000) })),
    );
    const stored = answers.filter(({ status }) => status === 201).map(({ body }) => body.id as string);
    expect(stored).toHaveLength(3);
    const refused = answers.filter(({ status }) => status !== 201);
    expect(refused.map(({ body }) => body.code)).toEqual(Array(2).fill('attachment-quota-exceeded'));
    await ada.send(group, '', { attachmentIds: stored });
    const [{ id }] = (await ada.call('GET', `/conversations/${group}/messages`)).body.items;
    await ada.call('DELETE', `/conversations/${group}/messages/${id}`);
    expect((await upload(ada, { content: 'x'.repeat(90_000) })).status).toBe(201);
  });

  /** Begins an upload whose body the test writes. */
  function begin(length?: number): { request: ClientRequest; status: Promise<number> } {
    const request = httpRequest(`${server.url}/api/v1/attachments`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${ada.accessToken}`,
        'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
        ...(length !== undefined && { 'content-length': length }),
      },
    });
    const status = new Promise<number>((resolve, reject) => {
      request.on('response', (response) => resolve(response.resume().statusCode!));
      request.on('error', reject);
    });
    return { request, status };
  }

  const drafts = (): string[] => readdirSync(join(server.configuration.attachmentsFolder, 'uploads'));

  it('leave nothing behind when the connection breaks', async () => {
    await uploaded(ada);
    const { request, status } = begin(50_000);
    status.catch(() => undefined);
    request.write(part(FILE, 'x'.repeat(1_000)).slice(0, -2));
    await until('the upload is being written', () => Promise.resolve(drafts().length === 1));
    request.destroy();
    await expectNothing();
  });

  it('do not delay other requests when they are slow', async () => {
    const { request, status } = begin();
    const text = part(FILE, 'slow') + END;
    for (const character of text) {
      request.write(character);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await upload(ada)).status).toBe(201);
    request.end();
    expect(await status).toBe(201);
    await expectNothing();
  });

  it('are rejected while the disk is full, and accepted afterwards', async () => {
    const full = await startTestServer({
      database: server.database,
      environment: {
        AUTH_SECRET,
        ATTACHMENTS_DIR: server.configuration.attachmentsFolder,
        ATTACHMENTS_KEEP_FREE_BYTES: '999999999999999',
      },
    });
    const refused = await upload(ada.at(full.url));
    expect(refused.body).toMatchObject({ status: 503, code: 'storage-full' });
    expect(refused.headers.get('retry-after')).toBe('30');
    await full.close();
    expect((await upload(ada)).status).toBe(201);
  });

  it('are limited per user, per hour and in number at once', async () => {
    const limited = await startTestServer({
      database: server.database,
      environment: { AUTH_SECRET, RATE_LIMITS: 'on' },
    });
    const eve = ada.at(limited.url);
    const slow = Array.from({ length: 10 }, () => {
      const request = httpRequest(`${limited.url}/api/v1/attachments`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${ada.accessToken}`,
          'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
          'content-length': 500,
        },
      });
      request.on('error', () => undefined);
      request.write(`--${BOUNDARY}\r\n`);
      return request;
    });
    await until('ten uploads are under way', async () => {
      const [{ count }] = await server.dataSource.query(
        'select count(*) as count from attachments where uploader_id = $1 and stored_at is null',
        [ada.id],
      );
      return count === 10;
    });
    expect((await upload(eve)).body).toMatchObject({ status: 429, code: 'rate-limited', retryAfter: 1 });
    for (const request of slow) request.destroy();
    await until('a turn is free', async () => (await upload(eve)).status === 201);
    let last: Answer | undefined;
    for (let count = 0; count < 100; count++) last = await upload(eve, { content: PIXEL });
    expect(last!.body).toMatchObject({ status: 429, code: 'rate-limited' });
    await limited.close();
  });

  it('accept a form in the format of browsers', async () => {
    const form = new FormData();
    form.append('file', new Blob(['hello'], { type: 'text/html' }), 'a"b.txt');
    expect((await sendForm(ada, form)).body).toMatchObject({ type: 'text/plain', size: 5 });
  });
});
