import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import sirv from 'sirv';
import { PACKAGE_ROOT } from '../../platform/package-root';

/** Where the build puts it. An installation without it serves the interface only. */
export const BROWSER_CLIENT_FOLDER = join(PACKAGE_ROOT, 'web/dist');

/**
 * Stricter than what the rest of the server is given: scripts and styles of our own, and nothing from anywhere else. Text that
 * became a script by mistake would not run, and could not tell anybody what it has seen. Insecure requests are not
 * upgraded: in a network of one's own the server has no certificate.
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

/** What belongs to the server: a browser that asks for these gets them, and never the client. */
const SERVER_PATH = /^\/(api|health|metrics|docs|problems|socket\.io|openapi\.json|asyncapi\.json)(\/|$)/;
/** Vite puts a digest of their content into the names of what is in here. */
const HASHED_PATH = /^\/assets\//;

/**
 * Serves the browser client as files. A page of it that somebody goes to, or loads again, has no file of its own and is the
 * one page that there is; programs that ask for what does not exist get their 404 from the routes behind this.
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
    // Set beforehand, since they belong to a 304 as well.
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
