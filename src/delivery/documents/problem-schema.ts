import { friendRequestSchema } from '../../features/friends/friends.dto';
import { messageSchema } from '../../features/messages/message-view';
import { PROBLEMS, type ProblemCode } from '../../platform/problems/catalogue';
import {
  described,
  integer,
  list,
  oneOf,
  optional,
  record,
  text,
  type JsonSchema,
} from '../../platform/documents/schema';

const CODES = Object.keys(PROBLEMS) as ProblemCode[];

const fieldErrorSchema = record('FieldError', {
  pointer: text(
    {},
    { description: 'JSON pointer into the body, or `/query/<name>`, `/path/<name>`.', example: '/body' },
  ),
  detail: text({}, { example: 'must not be empty' }),
});

/** What a problem with a certain code carries besides. */
const CARRIED: Partial<Record<ProblemCode, string>> = {
  'validation-failed': 'errors',
  'version-conflict': 'current',
  'precondition-failed': 'current',
  'friend-request-exists': 'friendRequest',
  'rate-limited': 'retryAfter',
};

/** RFC 9457; the same in HTTP answers, acknowledgements and `connect_error.data`. */
export const problemSchema = record(
  'Problem',
  {
    type: text(
      { pattern: '^/problems/[a-z-]+$', format: 'uri-reference' },
      { example: '/problems/internal' },
    ),
    title: text(),
    status: integer(400, {}, 599),
    detail: text(),
    code: oneOf(CODES, 'What programs go by. Texts may change.'),
    instance: text({}, { description: 'The address or command that was refused.' }),
    requestId: text({}, { description: 'As in `X-Request-Id` and in the server’s log.' }),
    errors: optional(list(fieldErrorSchema, {}, { description: 'With `validation-failed`: every fault.' })),
    retryAfter: optional(integer(0, { description: 'Seconds until another try makes sense.' })),
    current: optional(described(messageSchema, 'With `version-conflict`: the message as it is.')),
    friendRequest: optional(described(friendRequestSchema, 'With `friend-request-exists`: that one.')),
  },
  'A refusal (RFC 9457).',
);

/** A problem with one of these codes, and what it carries with it. */
export function problemWith(codes: readonly ProblemCode[]): JsonSchema {
  const carried = codes.flatMap((code) => {
    const field = CARRIED[code];
    return field ? [{ if: { properties: { code: { const: code } } }, then: { required: [field] } }] : [];
  });
  return { allOf: [problemSchema, { properties: { code: { enum: codes } } }, ...carried] };
}

export function problemExample(
  code: ProblemCode,
  instance: string,
  exampleOf: (schema: JsonSchema) => unknown,
): object {
  const { title, status } = PROBLEMS[code];
  return {
    type: `/problems/${code}`,
    title,
    status,
    detail: title,
    code,
    instance,
    requestId: '5d0c3f0e-6a3e-4f6b-9f0e-2a4c1c6d8e7f',
    ...(code === 'validation-failed' && { errors: [exampleOf(fieldErrorSchema)] }),
    ...([429, 503].includes(status) && { retryAfter: 2 }),
    ...(['version-conflict', 'precondition-failed'].includes(code) && { current: exampleOf(messageSchema) }),
    ...(code === 'friend-request-exists' && { friendRequest: exampleOf(friendRequestSchema) }),
  };
}
