import 'reflect-metadata';
import fc from 'fast-check';
import { SEEDS } from '../../../test/support/random';
import { Problem } from '../../platform/problems/problem';
import { toValid } from '../../platform/validation/request-validation.pipe';
import { checkSendCommand } from './check-send-command';
import { SendMessageCommandDto } from './messages.dto';

const id = fc.uuid();
const bodies = fc.oneof(
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
    '\u200b\u3164',
    '\u2800\n\t',
    '\u202e\u034f',
    '\u0301',
  ),
);
const good = fc.record(
  {
    conversationId: id,
    body: bodies,
    id,
    type: fc.constantFrom('text', 'image', 'file'),
    replyToId: id,
    attachmentIds: fc.array(id, { maxLength: 2 }),
  },
  { requiredKeys: ['conversationId', 'body'] },
);
const values = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  id.map((value) => value.toUpperCase()),
  fc.constantFrom(null, undefined, 'system', Number.NaN, '0'.repeat(36), [], ['x'], {}, new Date(0)),
);
const names = fc.constantFrom(
  'conversationId',
  'body',
  'id',
  'type',
  'replyToId',
  'attachmentIds',
  'other',
  'constructor',
  '__proto__',
  'toString',
);
/** A good command, of which some fields are missing or have any value. */
const nearlyGood = fc
  .tuple(good, fc.array(fc.tuple(names, values, fc.boolean()), { maxLength: 3 }))
  .map(([command, changes]) => {
    const changed: Record<string, unknown> = { ...command };
    for (const [name, value, isMissing] of changes) {
      if (isMissing) delete changed[name];
      else
        Object.defineProperty(changed, name, { value, enumerable: true, configurable: true, writable: true });
    }
    return changed as unknown;
  });
const tooLong = good.map((command): unknown => ({ ...command, body: '😀'.repeat(4_001) }));
const payloads = fc.oneof(good, tooLong, nearlyGood, fc.jsonValue(), values);

/** What becomes of a payload: the fields as they are accepted, or the refusal. */
function outcomeOf(check: (payload: unknown) => object, payload: unknown): unknown {
  try {
    return Object.fromEntries(Object.entries(check(payload)).filter(([, value]) => value !== undefined));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { code: error.code, fields: error.fields };
  }
}

describe('the check of a message to send', () => {
  it.each(SEEDS)('says of every payload what the rules of its DTO say (SEED=%d)', (seed) => {
    const codes = new Map<unknown, number>();
    fc.assert(
      fc.property(payloads, (payload) => {
        const byRules = outcomeOf((value) => toValid(SendMessageCommandDto, value), payload);
        expect(outcomeOf(checkSendCommand, payload)).toEqual(byRules);
        const code = (byRules as { code?: string }).code;
        codes.set(code, (codes.get(code) ?? 0) + 1);
      }),
      { seed, numRuns: 1_000 },
    );
    // Enough of everything, or the equality would prove little.
    for (const code of [undefined, 'validation-failed', 'message-too-long']) {
      expect(codes.get(code)).toBeGreaterThan(20);
    }
  });
});
