import { isUtf8 } from 'node:buffer';
import { raw, type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { MALFORMED_REQUEST, UNSUPPORTED_MEDIA_TYPE } from '../problems/general-problems';
import { invalidField, Problem } from '../problems/problem';
import { isUpload } from './upload-requests';
import { exceedsJsonBounds, JSON_BOUNDS } from '../validation/json-bounds';

/** More than the largest legal body: 4,000 characters, each escaped to twelve bytes. */
export const MAX_BODY_BYTES = 128 * 1024;

const JSON_TYPE = /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

/**
 * Reads JSON bodies, which must be uncompressed UTF-8, and rejects other types. Without a body, `request.body` is
 * undefined. The body of a partial PUT stays a Buffer, because its route interprets the bytes. The upload route
 * reads its own body.
 */
export function jsonBody(): RequestHandler[] {
  const read = raw({ limit: MAX_BODY_BYTES, inflate: false, type: () => true });
  return [refuseOtherTypes, read, parse].map(
    (handler): RequestHandler =>
      (request, response, next) =>
        isUpload(request) ? next() : handler(request, response, next),
  );
}

/** A PUT that changes a part of a resource; clients send it without a type. */
function isPartialPut({ method, headers }: Request): boolean {
  return method === 'PUT' && (headers['content-range'] !== undefined || headers.patches !== undefined);
}

function refuseOtherTypes(request: Request, _response: Response, next: NextFunction): void {
  const hasBody =
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
  const isJson = JSON_TYPE.test(request.headers['content-type'] ?? '') || isPartialPut(request);
  const isTaken = isJson && !request.headers['content-encoding'];
  next(hasBody && !isTaken ? new Problem(UNSUPPORTED_MEDIA_TYPE) : undefined);
}

function parse(request: Request, _response: Response, next: NextFunction): void {
  const bytes: unknown = request.body;
  if (isPartialPut(request)) {
    request.body = Buffer.isBuffer(bytes) ? bytes : Buffer.alloc(0);
    return next();
  }
  if (!Buffer.isBuffer(bytes) || bytes.length === 0) {
    request.body = undefined;
    return next();
  }
  // Decoding would replace invalid UTF-8 by U+FFFD, so the stored text would differ from the sent one.
  if (!isUtf8(bytes)) return next(new Problem(MALFORMED_REQUEST, { detail: 'the body is not valid UTF-8' }));
  const text = bytes.toString('utf8');
  if (exceedsJsonBounds(text)) return next(invalidField('', JSON_BOUNDS));
  try {
    request.body = JSON.parse(text) as unknown;
  } catch {
    return next(new Problem(MALFORMED_REQUEST, { detail: 'the body is not valid JSON' }));
  }
  const isStructure = typeof request.body === 'object' && request.body !== null;
  next(isStructure ? undefined : new Problem(MALFORMED_REQUEST, { detail: 'the body is not an object' }));
}
