import { Injectable, type ArgumentMetadata, type PipeTransform } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import { MALFORMED_REQUEST, VALIDATION_FAILED } from '../problems/general-problems';
import type { ProblemKind } from '../problems/problem-kind';
import { invalidField, Problem, type FieldError } from '../problems/problem';
import { compileQuickCheck, type Dto, type QuickCheck } from './quick-check';

/** Deeper input is refused before anything walks it: no DTO nests deeper than four levels. */
const MAX_DEPTH = 8;
/** class-transformer passes these over in silence, or takes them for a class. Nothing of ours is called so. */
const NEVER_FIELDS = ['__proto__', 'constructor', 'prototype'];
/** More faults than this are of no use to anybody, and a hostile body has thousands. */
const MAX_FAULTS = 20;
const BUILT_IN: unknown[] = [String, Number, Boolean, Array, Object, Date, undefined];

/**
 * Converts bodies, queries and socket payloads to DTOs, or rejects them and names every fault. HTTP and sockets use the
 * same rules. Unknown fields are rejected.
 */
@Injectable()
export class RequestValidationPipe implements PipeTransform {
  transform(value: unknown, { metatype, type }: ArgumentMetadata): unknown {
    if (BUILT_IN.includes(metatype) || type === 'custom') return value;
    const dto = metatype as Dto;
    if (type === 'query') return toValidQuery(dto, value as object);
    return toValid(dto, value === undefined && type === 'body' ? {} : value);
  }
}

/** `?cursor=` says the same as no cursor. @throws Problem as `toValid` */
export function toValidQuery<T extends object>(dto: Dto<T>, query: object): T {
  const given = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ''));
  return toValid(dto, given, '/query');
}

const quickChecks = new Map<Dto, QuickCheck>();

/** Compiled with the first payload: by then all rules are known. */
function quickCheckOf(dto: Dto): QuickCheck {
  const known = quickChecks.get(dto);
  if (known) return known;
  const compiled = compileQuickCheck(dto) ?? (() => false);
  quickChecks.set(dto, compiled);
  return compiled;
}

/**
 * Returns a valid payload unchanged. Any other payload goes through the rules of the DTO one by one. It may be
 * wrong or only unusual (an id in capitals, a null field); only the rules describe faults.
 * @throws Problem `validation-failed` or `malformed-request`
 */
export function toValid<T extends object>(dto: Dto<T>, value: unknown, prefix = ''): T {
  return quickCheckOf(dto)(value) ? (value as T) : byEveryRule(dto, value, prefix);
}

/** @throws Problem as `toValid` */
export function byEveryRule<T extends object>(dto: Dto<T>, value: unknown, prefix = ''): T {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Problem(VALIDATION_FAILED, {
      detail: 'an object is required',
      errors: [{ pointer: prefix, detail: 'must be an object' }],
    });
  }
  if (!isJson(value, MAX_DEPTH)) {
    throw new Problem(MALFORMED_REQUEST, { detail: 'must be JSON, not nested too deeply' });
  }
  const forbidden = neverField(value, prefix);
  if (forbidden !== undefined) throw invalidField(forbidden, 'is not a known field');
  const instance = plainToInstance(dto, value);
  const faults = validateSync(instance, {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    stopAtFirstError: true,
  });
  const found: Fault[] = [];
  for (const fault of faults) {
    if (found.length >= MAX_FAULTS) break;
    found.push(...faultsOf(fault, prefix).slice(0, MAX_FAULTS - found.length));
  }
  if (found.length === 0) return instance;
  const errors = found.map(({ pointer, detail }) => ({ pointer, detail }));
  const [{ problem, detail }] = found as [Fault];
  if (problem && found.every((fault) => fault.problem === problem))
    throw new Problem(problem, { detail, errors });
  throw new Problem(VALIDATION_FAILED, {
    detail: errors
      .map((error) => `${error.pointer} ${error.detail}`)
      .join('; ')
      .slice(0, 1_000),
    errors,
  });
}

/** `context` of a rule: what the request is refused with when nothing else is wrong with it. */
export interface RuleContext {
  readonly problem: ProblemKind;
}

type Fault = FieldError & Partial<RuleContext>;

function faultsOf(error: ValidationError, prefix: string): Fault[] {
  const pointer = pointerTo(prefix, error.property);
  const own = Object.entries(error.constraints ?? {}).map(([constraint, text]) => ({
    pointer,
    detail:
      constraint === 'whitelistValidation' ? 'is not a known field' : text.replace(`${error.property} `, ''),
    ...(error.contexts?.[constraint] as RuleContext | undefined),
  }));
  return own.concat((error.children ?? []).flatMap((child) => faultsOf(child, pointer)));
}

const pointerTo = (prefix: string, name: string): string =>
  `${prefix}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** @returns the pointer to the first of `NEVER_FIELDS`, at whatever depth */
function neverField(value: object, prefix: string): string | undefined {
  for (const [name, entry] of Object.entries(value) as [string, unknown][]) {
    const pointer = pointerTo(prefix, name);
    if (NEVER_FIELDS.includes(name)) return pointer;
    const found = typeof entry === 'object' && entry !== null ? neverField(entry, pointer) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Plain data that nests at most `depth` levels: what came over a socket may also hold bytes. */
function isJson(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0) return false;
  if (
    !Array.isArray(value) &&
    ![Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null)
  ) {
    return false;
  }
  return Object.values(value).every((entry) => isJson(entry, depth - 1));
}
