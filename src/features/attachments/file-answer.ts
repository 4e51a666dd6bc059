import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { create as contentDisposition } from 'content-disposition';
import type { Request, Response } from 'express';
import type { ByteRange } from './attachment-store';
import type { StoredFile } from './attachments.queries';
import { isShown } from './content-type';

/** A reader that takes nothing for this long is gone. */
const STALL_MS = 60_000;
const CACHING = 'private, no-cache';
const VARY = 'Authorization, Cookie';
/** Whatever the bytes are, they run nothing and load nothing. Pictures, sound and video are shown by a page of ours. */
const POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'";

/**
 * Answers with a file, or with a part of it (RFC 9110, section 14: one range; others are ignored), or that the reader has it.
 * Every use of a cached copy asks again, so nobody reads on who may not any more.
 */
export async function answerWithFile(
  request: Request,
  response: Response,
  file: StoredFile,
  read: (range?: ByteRange) => Promise<Readable>,
): Promise<void> {
  const tag = `"${file.sha256}"`;
  response.set('ETag', tag);
  // `fetch` adds `no-cache` to every request with `If-None-Match`, and Express answers that as if there were no tag.
  delete request.headers['cache-control'];
  if (request.fresh) {
    response.set({ 'Cache-Control': CACHING, Vary: VARY });
    response.status(304).end();
    return;
  }
  const range = rangeOf(request, file.size, tag);
  // Opened before there are headers: where a file is missing, the answer is a problem.
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
  // A reader that leaves early is no fault.
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
