import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import sirv from 'sirv';
import { PACKAGE_ROOT } from '../../platform/package-root';

/** The output of the build. An installation without it serves only the API. */
export const BROWSER_CLIENT_FOLDER = join(PACKAGE_ROOT, 'web/dist');

/**
 * Stricter than the policy of the other routes: only our own scripts and styles, and nothing from elsewhere. Injected
 * text that became a script would not run, and could not send anything. Insecure requests are not upgraded: in a
 * private network the server may have no certificate.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types worker',
].join('; ');

/** Paths of the server itself, for which browsers never get the client. */
const SERVER_PATH = /^\/(api|health|metrics|docs|problems|socket\.io|openapi\.json|asyncapi\.json)(\/|$)/;
/** Vite puts a digest of the content into the names of these files. */
const HASHED_PATH = /^\/assets\//;

/**
 * Serves the browser client as files. A path of the client has no file of its own, so a browser that navigates to it
 * gets the one page. Other programs get 404 from the routes behind this handler.
 */
export function browserClient(folder: string): RequestHandler {
  if (!existsSync(join(folder, 'index.html'))) return (_request, _response, next) => next();
  const options = { etag: true, gzip: true, brotli: true };
  const files = sirv(folder, options);
  const page = sirv(folder, { ...options, single: true });
  return (request: Request, response: Response, next: NextFunction) => {
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (!isRead || SERVER_PATH.test(request.path)) return next();
    const own = {
      'Cache-Control': HASHED_PATH.test(request.path) ? 'public, max-age=31536000, immutable' : 'no-cache',
      'Content-Security-Policy': POLICY,
    };
    const before = Object.keys(own).map((name) => [name, response.getHeader(name)] as const);
    // Set before the file is sent, since they belong to a 304 as well.
    for (const [name, value] of Object.entries(own)) response.setHeader(name, value);
    const isNavigation = request.get('Accept')?.includes('text/html');
    const serve = isNavigation ? page : files;
    serve(request, response, () => {
      for (const [name, value] of before) {
        if (value === undefined) response.removeHeader(name);
        else response.setHeader(name, value);
      }
      next();
    });
  };
}
