import { isUtf8 } from 'node:buffer';
import { json, type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { Problem } from '../problems/problem';

/** The largest legal body (4,000 characters, each escaped to twelve bytes) fits with room to spare. */
export const MAX_BODY_BYTES = 128 * 1024;

const JSON_TYPE = /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

/** Reads JSON bodies: UTF-8 only, not compressed, nothing else. */
export function jsonBody(): RequestHandler[] {
  return [
    refuseOtherTypes,
    json({
      limit: MAX_BODY_BYTES,
      inflate: false,
      strict: true,
      type: () => true,
      verify: (_request, _response, bytes) => {
        if (!isUtf8(bytes)) throw new Problem('malformed-request', { detail: 'the body is not valid UTF-8' });
      },
    }),
  ];
}

function refuseOtherTypes(request: Request, _response: Response, next: NextFunction): void {
  const hasBody =
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
  if (!hasBody) return next();
  if (!JSON_TYPE.test(request.headers['content-type'] ?? '') || request.headers['content-encoding']) {
    return next(new Problem('unsupported-media-type'));
  }
  next();
}
