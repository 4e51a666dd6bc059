import { createServer, request, type Server } from 'node:http';
import { CLIENT_HEADER, isHandedOver, KEY_HEADER, listenForPeers } from './peer-listener';

const KEY = 'a key of this test';

describe('the port for requests that other workers hand over', () => {
  let main: Server;
  let port: number;

  beforeAll(async () => {
    main = createServer((received, response) => {
      const { remoteAddress } = received.socket;
      const headers = Object.keys(received.headers).filter((name) => name.startsWith('x-xfchat'));
      response.end(JSON.stringify({ remoteAddress, headers, isHandedOver: isHandedOver(received) }));
    });
    port = await listenForPeers(main, KEY);
  });

  const ask = (headers: Record<string, string>): Promise<{ status: number; body: string }> =>
    new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port, headers, agent: false }, (response) => {
        let body = '';
        response.on('data', (data: Buffer) => (body += data.toString()));
        response.on('end', () => resolve({ status: response.statusCode!, body }));
      })
        .on('error', reject)
        .end();
    });

  it('passes them to the server with the address of the client, and without its own headers', async () => {
    const { status, body } = await ask({ [KEY_HEADER]: KEY, [CLIENT_HEADER]: '192.0.2.7' });
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual({ remoteAddress: '192.0.2.7', headers: [], isHandedOver: true });
  });

  it.each([undefined, '', 'a key of that test', `${KEY}.`])(
    'rejects requests without the key: %j',
    async (key) => {
      const headers: Record<string, string> = key === undefined ? {} : { [KEY_HEADER]: key };
      expect(await ask({ ...headers, [CLIENT_HEADER]: '127.0.0.1' })).toEqual({ status: 404, body: '' });
    },
  );
});
