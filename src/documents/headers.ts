import { EXAMPLE_ID } from '../platform/documents/schema';

/** Headers of answers. */
export const HEADERS = {
  'X-Request-Id': {
    description:
      'The one of the request when it has 8 to 64 of A-Z, a-z, 0-9, dot, underscore and hyphen, or a new one.',
    required: true,
    schema: { type: 'string', pattern: '^[A-Za-z0-9._-]{8,64}$' },
  },
  'Cache-Control': { required: true, schema: { type: 'string', const: 'no-store' } },
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
    description: 'The address of what was created.',
    required: true,
    schema: { type: 'string', format: 'uri-reference', pattern: '^/api/v1/' },
  },
  'WWW-Authenticate': { required: true, schema: { type: 'string', const: 'Bearer' } },
} as const;

/** Examples of request headers. */
export const HEADER_EXAMPLES: Readonly<Record<string, string>> = {
  Version: `"${EXAMPLE_ID}"`,
  Parents: `"${EXAMPLE_ID}"`,
  Subscribe: 'true',
  Heartbeats: '30s',
  'Content-Range': 'json .body[0:3]',
  'Merge-Type': 'linear',
  'If-Match': `"${EXAMPLE_ID}"`,
  'If-None-Match': '*',
};

export type HeaderName = keyof typeof HEADERS;

export const HEADERS_OF_STATUS: { readonly all: HeaderName[]; readonly [status: number]: HeaderName[] } = {
  all: ['X-Request-Id', 'Cache-Control'],
  201: ['Location'],
  401: ['WWW-Authenticate'],
  429: ['Retry-After', 'RateLimit', 'RateLimit-Policy'],
  503: ['Retry-After'],
};
