import { connectionFailureOf, NoAnswerError } from './connection-failure';

describe('the cause of a failed connection', () => {
  it.each([
    [Object.assign(new Error('x'), { code: '28P01' }), 'authentication'],
    [Object.assign(new Error('x'), { code: '3D000' }), 'authentication'],
    [Object.assign(new Error('x'), { code: '57P03' }), 'starting'],
    [Object.assign(new Error('x'), { code: '53300' }), 'no-connection-free'],
    [Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }), 'unreachable'],
    [Object.assign(new Error('timeout in a text of the server'), { code: 'XX000' }), 'unreachable'],
    [Object.assign(new Error('x'), { code: 'ETIMEDOUT' }), 'timeout'],
    [new Error('timeout exceeded when trying to connect'), 'timeout'],
    [new Error('Connection terminated unexpectedly'), 'unreachable'],
    [new NoAnswerError(), 'timeout'],
  ])('%p: %s', (error, reason) => expect(connectionFailureOf(error)).toBe(reason));
});
