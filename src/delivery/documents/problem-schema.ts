import { RATE_LIMITED, VALIDATION_FAILED } from '../../platform/problems/general-problems';
import { declaredProblems, problemCode, type ProblemKind } from '../../platform/problems/problem-kind';
import { integer, list, optional, record, text, type JsonSchema } from '../../platform/documents/schema';

const fieldErrorSchema = record('FieldError', {
  pointer: text(
    {},
    { description: 'JSON pointer into the body, or `/query/<name>`, `/path/<name>`.', example: '/body' },
  ),
  detail: text({}, { example: 'must not be empty' }),
});

/** RFC 9457. The same in HTTP answers, acknowledgements and `connect_error.data`. */
const problemSchema = () => {
  const carried = declaredProblems().flatMap(({ carries }) =>
    carries ? [[carries.field, optional(carries.schema)]] : [],
  );
  return record(
    'Problem',
    {
      type: text(
        { pattern: '^/problems/[a-z-]+$', format: 'uri-reference' },
        { example: '/problems/internal' },
      ),
      title: text(),
      status: integer(400, {}, 599),
      detail: text(),
      code: problemCode({ description: 'Programs check this code. Texts may change.' }),
      instance: text({}, { description: 'The address or command that was refused.' }),
      requestId: text({}, { description: 'The id in `X-Request-Id` and in the server’s log.' }),
      errors: optional(
        list(fieldErrorSchema, {}, { description: 'With `validation-failed`: every wrong field.' }),
      ),
      retryAfter: optional(integer(0, { description: 'Seconds until a retry makes sense.' })),
      ...Object.fromEntries(carried),
    },
    'A refusal (RFC 9457).',
  );
};

/** The schema of a problem of one of these kinds, with its extra members. */
export function problemWith(kinds: readonly ProblemKind[]): JsonSchema {
  const codes = kinds.map(({ code }) => code);
  const carried = kinds.flatMap((kind) => {
    const field = carriedField(kind);
    return field ? [{ if: { properties: { code: { const: kind.code } } }, then: { required: [field] } }] : [];
  });
  return { allOf: [problemSchema(), { properties: { code: { enum: codes } } }, ...carried] };
}

function carriedField(kind: ProblemKind): string | undefined {
  if (kind === VALIDATION_FAILED) return 'errors';
  if (kind === RATE_LIMITED) return 'retryAfter';
  return kind.carries?.field;
}

export function problemExample(
  kind: ProblemKind,
  instance: string,
  exampleOf: (schema: JsonSchema) => unknown,
): object {
  const { code, title, status, carries } = kind;
  return {
    type: `/problems/${code}`,
    title,
    status,
    detail: title,
    code,
    instance,
    requestId: '5d0c3f0e-6a3e-4f6b-9f0e-2a4c1c6d8e7f',
    ...(kind === VALIDATION_FAILED && { errors: [exampleOf(fieldErrorSchema)] }),
    ...([429, 503].includes(status) && { retryAfter: 2 }),
    ...(carries && { [carries.field]: exampleOf(carries.schema) }),
  };
}
