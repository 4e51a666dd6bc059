/* global self, caches, URL, Response */
// Keeps the page itself in the browser, so that it opens while the server cannot be reached: to read what is known, and to
// write what is sent later. It keeps no data: that is the client's business.

const CACHE = 'xfchat-page';
const PAGE = '/';
/** What is the server's own is never answered from here; see `src/delivery/browser-client`. */
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

/** The newest page if there is one to be had, else the one that is kept. */
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

/** What is kept is what the page wants. */
async function asset(request) {
  return (await kept(request)) ?? fetch(request);
}

async function kept(request) {
  return (await caches.open(CACHE)).match(request);
}

/**
 * Keeps a page with all that it needs, and nothing else. The page comes last: it is never kept without the rest. Names of
 * scripts and styles tell their content, so these are fetched once; the few other files each time.
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
