import type { Request, Response } from 'express';

/**
 * A browser fetches the pictures of a page itself, without `Authorization`. This cookie replaces it, only on the
 * routes that serve files. Scripts cannot read it, and other sites cannot make a browser send it. So no address
 * contains a token.
 */
const NAME = 'xfchat-files';
const PATH = '/api/v1/attachments';
const TOKEN = new RegExp(`(?:^|;\\s*)${NAME}=([\\w.~+-]{1,4096})(?:;|$)`);

/** The access token in the cookie, of a request that reads a file. */
export function fileTokenOf(request: Request): string | undefined {
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (!isRead || !request.path.startsWith(`${PATH}/`)) return undefined;
  return TOKEN.exec(request.headers.cookie ?? '')?.[1];
}

/** @param lifetimeMs of the token */
export function setFileCookie(response: Response, token: string, lifetimeMs: number): void {
  response.cookie(NAME, token, {
    path: PATH,
    httpOnly: true,
    sameSite: 'strict',
    secure: response.req.secure,
    maxAge: lifetimeMs,
  });
}
