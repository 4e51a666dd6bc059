import {
  integer,
  list,
  nullable,
  oneOf,
  optional,
  record,
  text,
  time,
  type Schema,
} from '../../platform/documents/schema';

const milliseconds: Schema<number> = { type: 'number', minimum: 0, examples: [0.6] };
const percent: Schema<number> = { type: 'number', minimum: 0, maximum: 100, examples: [25] };
const count = optional(integer(0));
const figure = optional(milliseconds);
const names = optional(list(text()));
const numbers = optional(list(integer(1)));

/** Each part has a `status`. `/health/ready` also shows everybody the `reason` and `ageMs`; operators see the rest. */
const part = <F extends Record<string, Schema<unknown>>>(fields: F) =>
  optional(
    record(undefined, {
      status: oneOf(['up', 'down']),
      reason: optional(text({}, { description: 'The reason in one word.', example: 'ok' })),
      ageMs: optional(integer(0, { description: 'The age of this observation, in milliseconds.' })),
      ...fields,
    }),
  );

const shareSchema = record('PoolShare', {
  inUse: integer(0),
  waiting: integer(0),
  reserved: integer(0),
});

const flagSchema = record('FeatureFlag', {
  name: text(),
  /** The share of people for whom the flag is on; null where a rule decides. */
  onPercent: nullable(percent),
  source: oneOf(['file', 'default']),
});

const partsSchema = record('HealthParts', {
  process: part({
    version: optional(text()),
    node: optional(text()),
    uptimeSeconds: count,
    inFlight: count,
  }),
  database: part({
    since: optional(time()),
    pingMs: figure,
    serverVersion: optional(text()),
    settings: names,
  }),
  pool: part({
    total: count,
    idle: count,
    waiting: count,
    max: count,
    shares: optional(
      record(undefined, { 'sign-in': shareSchema, messages: shareSchema, other: shareSchema }),
    ),
    exhaustedMs: count,
    oldestCheckoutMs: count,
  }),
  schema: part({
    pending: names,
    newer: names,
    missing: names,
    edited: names,
    outOfOrder: names,
    halfApplied: names,
    damage: names,
  }),
  values: part({ details: names }),
  storage: part({}),
  relay: part({}),
  redis: part({ lagMs: figure }),
  /** The other workers; absent without workers. The lists have numbers of workers. */
  workers: part({ total: count, serving: count, notAnswering: numbers, notReady: numbers }),
  maintenance: part({}),
  draining: part({ inFlight: count }),
  canary: part({ roundTripMs: count }),
  flags: part({ fault: optional(text()), unknown: names, flags: optional(list(flagSchema)) }),
});

export const healthSchema = record(
  'Health',
  {
    status: oneOf(['ok', 'degraded', 'error', 'shutting_down']),
    info: optional(partsSchema),
    error: optional(partsSchema),
    details: partsSchema,
  },
  'The answer of Terminus: `info` has the indicators that are up, `error` those that are down, `details` all.',
);
