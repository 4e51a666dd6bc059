/** Response headers that pages of other origins may read, besides those that CORS always allows. */
export const EXPOSED_HEADERS = [
  'X-Request-Id',
  'Location',
  'Retry-After',
  'RateLimit',
  'RateLimit-Policy',
  'Allow',
  'WWW-Authenticate',
  'ETag',
  'Version',
  'Parents',
  'Current-Version',
  'Subscribe',
  'Merge-Type',
  'Patches',
  'Content-Range',
  'Heartbeats',
];
