import type { Request } from 'express';

/** The only route with a body that is not JSON and may be larger: it reads the stream itself. */
const UPLOAD_PATH = '/api/v1/attachments';
const MULTIPART = /^multipart\/form-data\s*;/i;

/** How long an upload may take. Other requests have `REQUEST_TIMEOUT_MS`. */
export const UPLOAD_TIMEOUT_MS = 15 * 60_000;

/**
 * Whether the route reads the body itself. Compressed bodies are excluded: they would be larger than their declared
 * length.
 */
export function isUpload({ method, path, headers }: Pick<Request, 'method' | 'path' | 'headers'>): boolean {
  return (
    method === 'POST' &&
    path === UPLOAD_PATH &&
    MULTIPART.test(headers['content-type'] ?? '') &&
    headers['content-encoding'] === undefined
  );
}
