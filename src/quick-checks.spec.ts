import 'reflect-metadata';
import fc from 'fast-check';
import { SEEDS } from '../test/support/random';
import { FEATURES } from './app.module';
import { declarationsOf } from './delivery/documents/declared';
import { SendMessageCommandDto } from './features/messages/messages.dto';
import { fieldsOf } from './platform/documents/field-schema';
import type { JsonSchema } from './platform/documents/schema';
import { PlatformModule } from './platform/platform.module';
import { Problem } from './platform/problems/problem';
import { compileQuickCheck, type Dto } from './platform/validation/quick-check';
import { byEveryRule, toValid } from './platform/validation/request-validation.pipe';

const { routes, commands } = declarationsOf([PlatformModule, ...FEATURES]);
const dtos = new Set(
  [...routes.flatMap(({ body, query }) => [body, query]), ...commands.map(({ payload }) => payload)].filter(
    (dto) => dto !== undefined,
  ),
);
const compiled = [...dtos].flatMap((dto) => {
  const isQuicklyValid = compileQuickCheck(dto);
  return isQuicklyValid ? [{ name: dto.name, dto, isQuicklyValid }] : [];
});

const texts = fc.oneof(
  fc.string({ minLength: 1, maxLength: 40, unit: 'binary' }),
  fc.constantFrom(
    '',
    'x'.repeat(4_000),
    'x'.repeat(4_001),
    '😀'.repeat(4_000),
    '😀'.repeat(4_001),
    'a\0b',
    '\ud800',
    ' ',
    ' Ada ',
    'ADA',
    '\u200b\u3164',
    '\u2800\n\t',
    '\u202e\u034f',
    '\u0301',
    'a\u0301',
  ),
);
/** Any value at all. */
const values = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  texts,
  fc.uuid(),
  fc.uuid().map((id) => id.toUpperCase()),
  fc.constantFrom(
    null,
    undefined,
    'system',
    '7',
    7.5,
    -1,
    NaN,
    '0'.repeat(36),
    [],
    ['x'],
    [[]],
    {},
    new Date(0),
  ),
);

/** Values that the documents promise to accept, as far as the schema can say. */
function promised(schema: JsonSchema): fc.Arbitrary<unknown> {
  const { type, format, pattern, minLength, maxLength, minimum, maximum, items, examples } = schema as {
    [key: string]: unknown;
    pattern?: string;
    minLength?: number;
    maxLength?: number;
    minimum?: number;
    maximum?: number;
    examples?: unknown[];
  };
  if (Array.isArray(schema.enum)) return fc.constantFrom(...(schema.enum as unknown[]));
  if (format === 'uuid') return fc.uuid();
  if (format === 'uri') return fc.webUrl({ validSchemes: ['https'] });
  if (format === 'idn-email') return fc.emailAddress();
  if (format === 'date-time')
    return fc
      .date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
      .map((date) => date.toISOString());
  if (type === 'boolean') return fc.boolean();
  if (type === 'integer') return fc.integer({ min: minimum, max: Math.min(maximum ?? 1_000, 1_000) });
  if (type === 'array') return fc.array(promised(items as JsonSchema), { maxLength: 2 });
  if (pattern && !pattern.includes('u0000')) return fc.stringMatching(new RegExp(pattern));
  const max = Math.min(maxLength ?? 40, (minLength ?? 0) + 40);
  return fc.oneof(
    fc.string({ minLength, maxLength: max }),
    ...(examples ? [fc.constantFrom(...examples)] : []),
  );
}

/** Payloads that are valid or nearly so: some fields are missing, unknown or have any value. */
function payloadsOf(dto: Dto): fc.Arbitrary<unknown> {
  const fields = Object.entries(fieldsOf(dto));
  const valid = fc.record(Object.fromEntries(fields.map(([name, { schema }]) => [name, promised(schema)])), {
    requiredKeys: fields.flatMap(([name, { isOptional }]) => (isOptional ? [] : [name])),
    noNullPrototype: true,
  });
  const names = fc.constantFrom(
    ...fields.map(([name]) => name),
    'other',
    'constructor',
    '__proto__',
    'toString',
  );
  const changes = fc.array(fc.tuple(names, values, fc.boolean()), { minLength: 1, maxLength: 2 });
  const nearlyValid = fc.tuple(valid, changes).map(([payload, changed]) => {
    const copy: Record<string, unknown> = { ...payload };
    for (const [name, value, isMissing] of changed) {
      if (isMissing) delete copy[name];
      else Object.defineProperty(copy, name, { value, enumerable: true, configurable: true, writable: true });
    }
    return copy;
  });
  return fc.oneof({ arbitrary: valid, weight: 2 }, { arbitrary: nearlyValid, weight: 3 }, values);
}

/** The result of a check: the accepted fields, or the rejection. */
function outcomeOf(check: () => object): unknown {
  try {
    return Object.fromEntries(Object.entries(check()).filter(([, value]) => value !== undefined));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { code: error.code, fields: error.fields };
  }
}

describe('the quick check of a payload', () => {
  it('exists for every DTO but those with objects in lists', () => {
    const others = [...dtos].filter((dto) => !compiled.some((known) => known.dto === dto));
    expect(others.map(({ name }) => name)).toEqual(['SyncDto']);
    expect(compiled.map(({ name }) => name)).toContain('SendMessageCommandDto');
  });

  describe.each(SEEDS)('with SEED=%d', (seed) => {
    it.each(compiled)('agrees with the rules of $name', ({ dto, isQuicklyValid }) => {
      let quick = 0;
      let others = 0;
      fc.assert(
        fc.property(payloadsOf(dto), (payload) => {
          const byRules = outcomeOf(() => byEveryRule(dto, payload));
          expect(outcomeOf(() => toValid(dto, payload))).toEqual(byRules);
          if (isQuicklyValid(payload)) quick++;
          else others++;
        }),
        { seed, numRuns: dto === SendMessageCommandDto ? 300 : 150 },
      );
      // The test needs enough of both, or the equality would prove little.
      expect(Math.min(quick, others)).toBeGreaterThan(10);
    });
  });
});
