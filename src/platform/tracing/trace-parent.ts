import type { TraceParent } from './span';

const TRACE_PARENT = /^(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const ONLY_ZEROS = /^0+$/;
const MAX_LENGTH = 256;

/** Undefined for values that W3C Trace Context says to ignore. Later versions may append further fields. */
export function parseTraceParent(value: unknown): TraceParent | undefined {
  if (typeof value !== 'string' || value.length > MAX_LENGTH) return undefined;
  const [, version, traceId, spanId, flags, more] = TRACE_PARENT.exec(value) ?? [];
  if (!traceId || !spanId || !flags || ONLY_ZEROS.test(traceId) || ONLY_ZEROS.test(spanId)) return undefined;
  if (version === '00' && more !== undefined) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}
