import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Server } from 'node:http';
import { brotliCompressSync } from 'node:zlib';
import express from 'express';
import { browserClient } from './browser-client';

const PAGE = '<!doctype html><title>XFChat</title>';
const SCRIPT = 'console.log("a script")';
/** The headers of a browser that navigates to an address. */
const NAVIGATION = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

describe('the browser client', () => {
  const folder = mkdtempSync(join(tmpdir(), 'xfchat-web-'));
  let server: Server;
  let url: string;
  beforeAll(async () => {
    writeFileSync(join(folder, 'index.html'), PAGE);
    mkdirSync(join(folder, 'assets'));
    writeFileSync(join(folder, 'assets/index-0a1b2c3d.js'), SCRIPT);
    writeFileSync(join(folder, 'assets/index-0a1b2c3d.js.br'), brotliCompressSync(SCRIPT));
    const application = express();
    application.use((_request, response, next) => {
      response.setHeader('Content-Security-Policy', 'of the server');
      response.setHeader('Cache-Control', 'no-store');
      next();
    });
    application.use(browserClient(folder));
    application.use((_request, response) => void response.status(404).send('of the server'));
    server = await new Promise((resolve) => {
      const listening = application.listen(0, '127.0.0.1', () => resolve(listening));
    });
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });

  it.each(['/', '/friends', '/c/019c9d1e-7a52-7c3b-9f04-1d2e3f4a5b6c', '/index.html'])(
    'serves the page at %s',
    async (path) => {
      const response = await fetch(url + path, { headers: NAVIGATION });
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toMatch(/^text\/html/);
      expect(response.headers.get('cache-control')).toBe('no-cache');
      expect(await response.text()).toBe(PAGE);
    },
  );

  it('allows no foreign content', async () => {
    const policy = (await fetch(url)).headers.get('content-security-policy')!;
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'; /);
    expect(policy).not.toMatch(/unsafe|https?:|\*|upgrade-insecure-requests/);
  });

  it.each([
    '/api',
    '/api/v1/users',
    '/health/live',
    '/metrics',
    '/docs',
    '/problems/forbidden',
    '/openapi.json',
    '/socket.io/',
  ])('leaves %s to the server', async (path) => {
    const response = await fetch(url + path, { headers: NAVIGATION });
    expect(await response.text()).toBe('of the server');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('content-security-policy')).toBe('of the server');
  });

  it.each<[string, RequestInit & { path: string }]>([
    ['asked for by a program', { path: '/friends', headers: { accept: 'application/json' } }],
    ['sent to', { path: '/', method: 'POST', headers: NAVIGATION }],
    ['that is gone', { path: '/assets/index-ffffffff.js' }],
    ['outside of the folder', { path: '/..%2fpackage.json' }],
  ])('does not answer %s', async (_what, { path, ...request }) => {
    const response = await fetch(url + path, request);
    expect([response.status, await response.text()]).toEqual([404, 'of the server']);
  });

  it('serves compressed scripts that caches keep forever, and answers a conditional request with 304', async () => {
    const path = `${url}/assets/index-0a1b2c3d.js`;
    const response = await fetch(path, { headers: { 'accept-encoding': 'br' } });
    expect(response.headers.get('content-type')).toMatch(/^text\/javascript/);
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(response.headers.get('content-encoding')).toBe('br');
    expect(await response.text()).toBe(SCRIPT);

    const head = await fetch(path, { method: 'HEAD', headers: { 'accept-encoding': 'identity' } });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([
      200,
      String(SCRIPT.length),
      '',
    ]);
    const again = await fetch(path, {
      headers: { 'if-none-match': head.headers.get('etag')!, 'accept-encoding': 'identity' },
    });
    expect([again.status, again.headers.get('cache-control')]).toEqual([
      304,
      'public, max-age=31536000, immutable',
    ]);
  });

  it('is absent in an installation that was built without it', async () => {
    const application = express().use(browserClient(join(folder, 'assets')));
    const bare = application.listen(0, '127.0.0.1');
    await new Promise((resolve) => bare.once('listening', resolve));
    const { port } = bare.address() as AddressInfo;
    expect((await fetch(`http://127.0.0.1:${port}/`, { headers: NAVIGATION })).status).toBe(404);
    await new Promise((resolve) => bare.close(resolve));
  });
});
