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
  'WWW-Authenticate': { required: true, schema: { type: 'string', const: 'Bearer' } },
} as const;

export type HeaderName = keyof typeof HEADERS;

export const HEADERS_OF_STATUS: { readonly all: HeaderName[]; readonly [status: number]: HeaderName[] } = {
  all: ['X-Request-Id', 'Cache-Control'],
  401: ['WWW-Authenticate'],
  429: ['Retry-After', 'RateLimit'],
  503: ['Retry-After'],
};
