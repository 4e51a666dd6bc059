import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Metrics } from '../src/platform/metrics/metrics';
import { signUp, type Person } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { until } from './support/until';

/** More than the buffers of a connection hold, so that the answer comes while the client is still writing. */
const LARGE_BYTES = 8_000_000;
const TIMES = 5;

/** It runs in a separate process, because a client in the server's event loop never writes while the server closes. */
const CLIENT = `
  const [url, token, kind] = process.argv.slice(1);
  const headers = { ...(token && { authorization: 'Bearer ' + token }) };
  const form = new FormData();
  form.append('file', new Blob([new Uint8Array(${LARGE_BYTES})]), 'large.bin');
  if (kind === 'json') headers['content-type'] = 'application/json';
  const body = kind === 'json' ? JSON.stringify({ title: 'x'.repeat(${LARGE_BYTES}) }) : form;
  (async () => {
    const told = [];
    for (let time = 0; time < ${TIMES}; time++)
      told.push(await fetch(url, { method: 'POST', body, headers })
        .then(async (answer) => (await answer.json()).code, (error) => error.cause?.code ?? error.message));
    console.log(JSON.stringify(told));
  })();`;

describe('a request that is answered before its body has arrived', () => {
  let server: TestServer;
  let ada: Person;

  beforeAll(async () => {
    server = await startTestServer({ environment: { ATTACHMENT_MAX_BYTES: '1000000' } });
    ada = await signUp(server.url);
  });
  afterAll(() => server.close());

  /** How many POST requests have ended with each status, by the metrics. */
  async function statuses(): Promise<Record<string, number>> {
    const { values } = await server.application.get(Metrics).httpRequests.get();
    const counts: Record<string, number> = {};
    for (const { labels, value } of values)
      if (labels.method === 'POST') counts[labels.status!] = (counts[labels.status!] ?? 0) + value;
    return counts;
  }

  /** Waits until the metrics count all requests: the server counts one when its connection has closed. */
  const statusesSince = (before: Record<string, number>): Promise<Record<string, number>> =>
    until('the requests to be counted', async () => {
      const now = Object.entries(await statuses()).map(
        ([status, count]) => [status, count - (before[status] ?? 0)] as const,
      );
      const counted = now.filter(([, count]) => count > 0);
      return counted.reduce((sum, [, count]) => sum + count, 0) >= TIMES && Object.fromEntries(counted);
    });

  const CASES: [
    string,
    { path: string; kind: 'form' | 'json'; isSignedIn?: true; code: string; status: number },
  ][] = [
    [
      'an upload without a token',
      { path: 'attachments', kind: 'form', code: 'unauthenticated', status: 401 },
    ],
    [
      'an upload that is too large',
      { path: 'attachments', kind: 'form', isSignedIn: true, code: 'payload-too-large', status: 413 },
    ],
    [
      'JSON that is too large',
      { path: 'conversations', kind: 'json', isSignedIn: true, code: 'payload-too-large', status: 413 },
    ],
    [
      'a file for another route',
      { path: 'conversations', kind: 'form', isSignedIn: true, code: 'unsupported-media-type', status: 415 },
    ],
  ];
  it.each(CASES)(
    'tells its client why it was rejected, for %s',
    async (_, { path, kind, isSignedIn, code, status }) => {
      const before = await statuses();
      const token = isSignedIn ? ada.accessToken : '';
      const program = ['-e', CLIENT, `${server.url}/api/v1/${path}`, token, kind];
      const { stdout } = await promisify(execFile)(process.execPath, program);
      expect(JSON.parse(stdout)).toEqual(Array.from({ length: TIMES }, () => code));
      expect(await statusesSince(before)).toEqual({ [String(status)]: TIMES });
    },
  );
});
