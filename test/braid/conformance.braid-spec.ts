import { startTestServer, type TestServer } from '../support/test-server';
import { CASES } from './cases';
import { anyServer, xfchat, type Target } from './target';

const { BRAID_BASE_URL: baseUrl, BRAID_FOLDER_URL: folderUrl, BRAID_HEADERS: headers = '{}' } = process.env;

describe('a Braid server', () => {
  let server: TestServer | undefined;
  let target: Target;

  beforeAll(async () => {
    if (folderUrl) target = anyServer(folderUrl, JSON.parse(headers) as Record<string, string>);
    else if (baseUrl) target = await xfchat(baseUrl);
    else {
      server = await startTestServer();
      target = await xfchat(server.url);
    }
  });
  afterAll(() => server?.close());

  it.each(CASES)('$name', async ({ run }) => {
    await run(target);
  });
});
