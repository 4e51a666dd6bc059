/* global self, caches, URL, Response */
// Caches the page in the browser, so that it opens while the server cannot be reached. People can then read stored messages
// and write new ones, which are sent later. This worker caches no data: the client stores it.

const CACHE = 'xfchat-page';
const PAGE = '/';
/** Paths of the server. The worker never answers them; see `src/delivery/browser-client`. */
const SERVER_PATH = /^\/(api|health|metrics|docs|problems|socket\.io|openapi\.json|asyncapi\.json)(\/|$)/;
const HASHED = /\/assets\//;
const ASSET = /(?:src|href)="(\/[^"]+)"/g;

self.addEventListener('install', (event) => {
  self.skipWaiting();
  event.waitUntil(fetch(PAGE, { cache: 'no-cache' }).then(keep));
});

self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== self.location.origin || SERVER_PATH.test(pathname)) return;
  if (request.mode === 'navigate') event.respondWith(page(event));
  else event.respondWith(asset(request));
});

/** The page from the server, or the cached one if the server cannot be reached. */
async function page(event) {
  try {
    const response = await fetch(event.request);
    if (response.ok) {
      event.waitUntil(keep(response.clone()));
      return response;
    }
    return (await kept(PAGE)) ?? response;
  } catch {
    return (await kept(PAGE)) ?? Response.error();
  }
}

/** A cached asset, or one from the server. */
async function asset(request) {
  return (await kept(request)) ?? fetch(request);
}

async function kept(request) {
  return (await caches.open(CACHE)).match(request);
}

/**
 * Caches a page with its assets, and deletes everything else. The page is written last, so that it is never cached without
 * its assets. Scripts and styles have a hash in their names and are fetched once; other files are fetched each time.
 */
async function keep(response) {
  const cache = await caches.open(CACHE);
  const html = await response.clone().text();
  const wanted = [...html.matchAll(ASSET)].map(([, path]) => new URL(path, self.location.origin).href);
  for (const url of wanted) {
    if (!HASHED.test(url) || !(await cache.match(url))) await cache.add(url);
  }
  await cache.put(PAGE, response);
  for (const { url } of await cache.keys()) {
    if (new URL(url).pathname !== PAGE && !wanted.includes(url)) await cache.delete(url);
  }
}
