import { ForbiddenException, ImATeapotException, NotFoundException } from '@nestjs/common';
import { QueryFailedError } from 'typeorm';
import { DeadlineExceededError } from '../database/deadline-client';
import { AcquireTimeoutError } from '../database/deadline-pool';
import { FORBIDDEN } from './general-problems';
import { Problem } from './problem';
import { toProblem } from './to-problem';

const failed = (code: string, wrote = false): Error =>
  new QueryFailedError(
    'insert …',
    ['a parameter'],
    Object.assign(new Error('detail of the driver'), { code, wrote }),
  );
const lost = (message: string, wrote = false): Error => Object.assign(new Error(message), { wrote });

describe('an error as a problem', () => {
  it.each([
    [new Problem(FORBIDDEN), 'forbidden'],
    [failed('40001'), 'database-busy'],
    [failed('40P01'), 'database-busy'],
    [failed('53300'), 'database-busy'],
    [failed('55P03'), 'database-busy'],
    [failed('57014'), 'database-busy'],
    [failed('57014', true), 'database-busy'],
    [failed('53100'), 'storage-full'],
    [failed('25006'), 'database-read-only'],
    [failed('28P01'), 'temporarily-unavailable'],
    [failed('28000'), 'temporarily-unavailable'],
    [failed('42P01'), 'schema-mismatch'],
    [failed('42703'), 'schema-mismatch'],
    [failed('57P01'), 'temporarily-unavailable'],
    [failed('57P01', true), 'outcome-unknown'],
    [failed('57P03'), 'temporarily-unavailable'],
    [failed('08006', true), 'outcome-unknown'],
    [failed('ECONNRESET'), 'temporarily-unavailable'],
    [failed('ECONNRESET', true), 'outcome-unknown'],
    [Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }), 'temporarily-unavailable'],
    [Object.assign(new Error('connect'), { code: 'ENOENT' }), 'temporarily-unavailable'],
    [
      new AggregateError([Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })]),
      'temporarily-unavailable',
    ],
    [lost('Query read timeout'), 'temporarily-unavailable'],
    [lost('Query read timeout', true), 'outcome-unknown'],
    [lost('Connection terminated unexpectedly', true), 'outcome-unknown'],
    [lost('timeout exceeded when trying to connect'), 'database-busy'],
    [new AcquireTimeoutError('x'), 'database-busy'],
    [new DeadlineExceededError('x'), 'database-busy'],
    [failed('23505'), 'internal'],
    [failed('22P02'), 'internal'],
    [new NotFoundException(), 'not-found'],
    [new ForbiddenException(), 'forbidden'],
    [new ImATeapotException(), 'internal'],
    [Object.assign(new Error('too large'), { status: 413, expose: true }), 'payload-too-large'],
    [Object.assign(new Error('inside'), { status: 500, expose: false }), 'internal'],
    [new URIError('URI malformed'), 'malformed-request'],
    [new TypeError('a bug'), 'internal'],
    ['a string', 'internal'],
    [undefined, 'internal'],
  ])('%s is %s', (error, code) => {
    const problem = toProblem(error);
    expect(problem.code).toBe(code);
    const document = JSON.stringify(problem.toDocument('/somewhere', 'request-1'));
    expect(document).not.toMatch(/parameter|driver|insert|a bug/);
    expect(problem.status === 503).toBe(problem.retryAfter !== undefined);
  });
});
