import { EXAMPLE_ID } from '../../platform/documents/schema';

/** Headers of answers. */
export const HEADERS = {
  'X-Request-Id': {
    description:
      'The id of the request, when it has 8 to 64 of A-Z, a-z, 0-9, dot, underscore and hyphen; else a new one.',
    required: true,
    schema: { type: 'string', pattern: '^[A-Za-z0-9._-]{8,64}$' },
  },
  'Cache-Control': {
    description: '`private, no-cache` for files, and `no-store` for everything else.',
    required: true,
    schema: { type: 'string', enum: ['no-store', 'private, no-cache'] },
  },
  'Retry-After': {
    description: 'Seconds until another try makes sense.',
    required: true,
    schema: { type: 'integer', minimum: 0 },
  },
  RateLimit: {
    description:
      'draft-ietf-httpapi-ratelimit-headers: nothing remains, and in `t` seconds there will be some again.',
    required: true,
    schema: { type: 'string', pattern: '^"default";r=0;t=\\d+$' },
  },
  'RateLimit-Policy': {
    description: 'The limit that was reached: at most `q` requests, which come back within `w` seconds.',
    required: true,
    schema: { type: 'string', pattern: '^"default";q=\\d+;w=\\d+$' },
  },
  Location: {
    description: 'The address of the created resource.',
    required: true,
    schema: { type: 'string', format: 'uri-reference', pattern: '^/api/v1/' },
  },
  'WWW-Authenticate': { required: true, schema: { type: 'string', const: 'Bearer' } },
  ETag: {
    description: 'For `If-Match` and `If-None-Match`. Absent from answers about an earlier version.',
    schema: { type: 'string', pattern: '^"[A-Za-z0-9._-]{1,128}:\\d{1,16}"$' },
  },
  Version: {
    description: 'The version in the answer, in quotes: see docs/braid.md.',
    schema: { type: 'string' },
  },
  Parents: {
    description: 'The versions on which that version is based, in quotes and with commas between them.',
    schema: { type: 'string' },
  },
  'Current-Version': {
    description: 'The newest version, in quotes.',
    schema: { type: 'string' },
  },
} as const;

const EXAMPLE_VERSION = `"${EXAMPLE_ID}"`;
const EXAMPLE_TAG = `"${EXAMPLE_ID}:0"`;

const REQUEST_HEADERS: Readonly<Record<string, string>> = {
  Version: EXAMPLE_VERSION,
  Parents: EXAMPLE_VERSION,
  Subscribe: 'true',
  Heartbeats: '30s',
  'Content-Range': 'json .body[0:3]',
  'Merge-Type': 'linear',
  'If-Match': EXAMPLE_TAG,
};

/** An example of a request header. */
export function headerExample(name: string, method: string): string | undefined {
  if (name === 'If-None-Match') return method === 'get' ? EXAMPLE_TAG : '*';
  return REQUEST_HEADERS[name];
}

type HeaderName = keyof typeof HEADERS;

const HEADERS_OF_STATUS: { readonly [status: number]: HeaderName[] } = {
  201: ['Location'],
  401: ['WWW-Authenticate'],
  429: ['Retry-After', 'RateLimit', 'RateLimit-Policy'],
  503: ['Retry-After'],
};

/** The headers of an answer. When the request may name a version or a tag, the answer has the current ones. */
export function answerHeaders(status: number, requestHeaders: object = {}): HeaderName[] {
  const isTagged = 'If-Match' in requestHeaders || 'If-None-Match' in requestHeaders;
  return [
    'X-Request-Id',
    'Cache-Control',
    ...(HEADERS_OF_STATUS[status] ?? []),
    ...(isTagged && status !== 209 ? (['ETag'] as const) : []),
    ...('Version' in requestHeaders ? (['Version', 'Parents', 'Current-Version'] as const) : []),
  ];
}
