import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { create as contentDisposition } from 'content-disposition';
import type { Request, Response } from 'express';
import type { ByteRange } from './attachment-store';
import type { StoredFile } from './attachments.queries';
import { isShown } from './content-type';

/** The server disconnects a reader that takes nothing for this long. */
const STALL_MS = 60_000;
const CACHING = 'private, no-cache';
const VARY = 'Authorization, Cookie';
/** A browser must not run or load anything from a file. Our own page shows pictures, sound and video. */
const POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'";

/**
 * Answers with a file, with a part of it, or with 304 (RFC 9110, section 14: one range; others are ignored). Browsers
 * revalidate a cached copy on every use, so nobody reads on after losing access.
 */
export async function answerWithFile(
  request: Request,
  response: Response,
  file: StoredFile,
  read: (range?: ByteRange) => Promise<Readable>,
): Promise<void> {
  const tag = `"${file.sha256}"`;
  response.set('ETag', tag);
  // `fetch` adds `no-cache` to every request with `If-None-Match`, and Express would then ignore the tag.
  delete request.headers['cache-control'];
  if (request.fresh) {
    response.set({ 'Cache-Control': CACHING, Vary: VARY });
    response.status(304).end();
    return;
  }
  const range = rangeOf(request, file.size, tag);
  // Opens the file before it sets headers: when the file is missing, the answer is a problem.
  const stream = request.method === 'HEAD' ? undefined : await read(range);
  const type = isShown(file.type) ? 'inline' : 'attachment';
  response.set({
    'Cache-Control': CACHING,
    Vary: VARY,
    'Accept-Ranges': 'bytes',
    'Content-Disposition': contentDisposition(file.name, { type }),
    'Content-Security-Policy': POLICY,
    'X-Content-Type-Options': 'nosniff',
  });
  response.setHeader('Content-Type', file.type === 'text/plain' ? 'text/plain; charset=utf-8' : file.type);
  if (range) response.set('Content-Range', `bytes ${range.start}-${range.end}/${file.size}`);
  response.status(range ? 206 : 200);
  response.setHeader('Content-Length', range ? range.end - range.start + 1 : file.size);
  if (!stream) {
    response.end();
    return;
  }
  response.setTimeout(STALL_MS, () => response.destroy());
  // A reader that disconnects early is not an error.
  await pipeline(stream, response).catch((error: unknown) => {
    if (!response.closed && !response.destroyed) throw error;
  });
}

function rangeOf(request: Request, size: number, tag: string): ByteRange | undefined {
  const onlyIf = request.get('if-range');
  if (onlyIf !== undefined && onlyIf !== tag) return undefined;
  const ranges = request.range(size);
  if (!Array.isArray(ranges) || ranges.type !== 'bytes' || ranges.length !== 1) return undefined;
  return ranges[0];
}
