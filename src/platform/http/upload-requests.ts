import type { Request } from 'express';

/** The one route that takes a body which is not JSON, and larger than JSON may be: it reads the stream itself. */
const UPLOAD_PATH = '/api/v1/attachments';
const MULTIPART = /^multipart\/form-data\s*;/i;

/** How long an upload may take. Other requests have `REQUEST_TIMEOUT_MS`. */
export const UPLOAD_TIMEOUT_MS = 15 * 60_000;

/** Whether the body is left to the route. A compressed one is not: it would be larger than it says. */
export function isUpload({ method, path, headers }: Pick<Request, 'method' | 'path' | 'headers'>): boolean {
  return (
    method === 'POST' &&
    path === UPLOAD_PATH &&
    MULTIPART.test(headers['content-type'] ?? '') &&
    headers['content-encoding'] === undefined
  );
}
