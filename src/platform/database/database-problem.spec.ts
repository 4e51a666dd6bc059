import { QueryFailedError } from 'typeorm';
import { databaseProblem, isConnectionLost, isRetryable, violatedConstraint } from './database-problem';
import { DeadlineExceededError, type QueryFailure } from './deadline-client';
import { AcquireTimeoutError } from './deadline-pool';
import { QueueFullError } from './pool-budget';

const SECRET = 'db.internal:5432 select secret';
const failure = (fields: Partial<QueryFailure>): QueryFailure =>
  Object.assign(new Error(fields.message ?? SECRET), fields);
const throughTypeorm = (error: QueryFailure): QueryFailedError =>
  new QueryFailedError(SECRET, [SECRET], error);

describe('an error of the database', () => {
  it.each<[cause: string, fields: Partial<QueryFailure>, read: string, write: string]>([
    ['refused connection', { code: 'ECONNREFUSED' }, 'temporarily-unavailable', 'outcome-unknown'],
    ['reset connection', { code: 'ECONNRESET' }, 'temporarily-unavailable', 'outcome-unknown'],
    ['broken pipe', { code: 'EPIPE' }, 'temporarily-unavailable', 'outcome-unknown'],
    ['unreachable host', { code: 'EHOSTUNREACH' }, 'temporarily-unavailable', 'outcome-unknown'],
    ['unknown host', { code: 'ENOTFOUND' }, 'temporarily-unavailable', 'outcome-unknown'],
    ['connection failure', { code: '08006' }, 'temporarily-unavailable', 'outcome-unknown'],
    ['protocol violation', { code: '08P01' }, 'temporarily-unavailable', 'outcome-unknown'],
    ['administrator shutdown', { code: '57P01' }, 'temporarily-unavailable', 'outcome-unknown'],
    ['crash shutdown', { code: '57P02' }, 'temporarily-unavailable', 'outcome-unknown'],
    ['server starting', { code: '57P03' }, 'temporarily-unavailable', 'outcome-unknown'],
    ['idle in transaction', { code: '25P03' }, 'temporarily-unavailable', 'outcome-unknown'],
    ['client-side timeout', { message: 'Query read timeout' }, 'temporarily-unavailable', 'outcome-unknown'],
    [
      'terminated connection',
      { message: 'Connection terminated unexpectedly' },
      'temporarily-unavailable',
      'outcome-unknown',
    ],
    [
      'connect timeout',
      { message: 'Connection terminated due to connection timeout' },
      'temporarily-unavailable',
      'outcome-unknown',
    ],
    ['too many connections', { code: '53300' }, 'database-busy', 'database-busy'],
    ['statement timeout', { code: '57014' }, 'database-busy', 'database-busy'],
    ['lock timeout', { code: '55P03' }, 'database-busy', 'database-busy'],
    ['serialization failure', { code: '40001' }, 'database-busy', 'database-busy'],
    ['deadlock', { code: '40P01' }, 'database-busy', 'database-busy'],
    ['full pool', { message: 'timeout exceeded when trying to connect' }, 'database-busy', 'database-busy'],
    ['no file descriptor', { code: 'EMFILE' }, 'database-busy', 'database-busy'],
    ['vanished reference', { code: '23503' }, 'not-found', 'not-found'],
    ['full disk', { code: '53100' }, 'storage-full', 'storage-full'],
    ['stale primary', { code: '25006' }, 'database-read-only', 'database-read-only'],
    ['wrong password', { code: '28P01' }, 'temporarily-unavailable', 'temporarily-unavailable'],
    ['refused role', { code: '28000' }, 'temporarily-unavailable', 'temporarily-unavailable'],
    ['missing table', { code: '42P01' }, 'schema-mismatch', 'schema-mismatch'],
    ['missing column', { code: '42703' }, 'schema-mismatch', 'schema-mismatch'],
    ['missing function', { code: '42883' }, 'schema-mismatch', 'schema-mismatch'],
  ])('%s', (_cause, fields, read, write) => {
    for (const [wrote, code] of [
      [false, read],
      [undefined, read],
      [true, write],
    ] as const) {
      const error = failure({ ...fields, wrote });
      expect(databaseProblem(error)?.code).toBe(code);
      expect(databaseProblem(throughTypeorm(error))?.code).toBe(code);
    }
  });

  it('never shows the driver’s message to the client', () => {
    for (const code of ['ECONNREFUSED', '53100', '42P01', '40001', '28P01']) {
      const document = databaseProblem(throughTypeorm(failure({ code })))!.toDocument('/x', 'id');
      expect(JSON.stringify(document)).not.toContain('secret');
      expect(JSON.stringify(document)).not.toContain('internal:');
    }
  });

  it('has a known outcome if no connection was free in time', () => {
    expect(databaseProblem(new AcquireTimeoutError('x'))?.code).toBe('database-busy');
    expect(databaseProblem(new DeadlineExceededError('x'))?.code).toBe('database-busy');
    expect(databaseProblem(new QueueFullError('x'))?.code).toBe('database-busy');
  });

  it('is a lost connection if every address of a host failed', () => {
    const each = [failure({ code: 'ECONNREFUSED' }), failure({ code: 'ECONNREFUSED' })];
    const error = new AggregateError(each);
    expect(isConnectionLost(error)).toBe(true);
    expect(databaseProblem(error)?.code).toBe('temporarily-unavailable');
    expect(isConnectionLost(new AggregateError([failure({ code: '23505' })]))).toBe(false);
  });

  it.each(['23505', '23514', '22P02', '42601', undefined])('stays a bug: %s', (code) => {
    const error = throughTypeorm(failure({ code }));
    expect(databaseProblem(error)).toBeUndefined();
    expect(isConnectionLost(error)).toBe(false);
  });

  it('is no database problem if it has another origin', () => {
    for (const error of [new Error('a bug'), new TypeError('x'), 'text', undefined, { code: 404 }]) {
      expect(databaseProblem(error)).toBeUndefined();
    }
  });

  it('allows a retry of the transaction only if the server has rolled it back', () => {
    for (const code of ['40001', '40P01']) expect(isRetryable(throughTypeorm(failure({ code })))).toBe(true);
    for (const code of ['55P03', '57014', '23505', 'ECONNRESET', undefined]) {
      expect(isRetryable(throughTypeorm(failure({ code })))).toBe(false);
    }
  });

  it('names the constraint that was violated, and no other one', () => {
    const violation = Object.assign(failure({ code: '23505' }), { constraint: 'users_username_key' });
    expect(violatedConstraint(throughTypeorm(violation))).toBe('users_username_key');
    expect(violatedConstraint(failure({ code: '40001' }))).toBeUndefined();
    expect(violatedConstraint(undefined)).toBeUndefined();
  });
});
