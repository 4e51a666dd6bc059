import { PassThrough } from 'node:stream';
import { WorkerLogs } from './worker-logs';

it('writes only whole lines, however they arrive, and no unfinished one', () => {
  const written: string[] = [];
  const logs = new WorkerLogs({ write: (lines) => written.push(lines) });
  const [one, two] = [new PassThrough(), new PassThrough()];
  for (const stream of [one, two]) logs.pass(stream);
  const line = Buffer.from('{"msg":"Zoë"}\n');
  one.emit('data', line.subarray(0, 11)); // in the middle of a character
  two.emit('data', Buffer.from('{"msg":"two"}\n{"msg":"three"}\n{"ms'));
  one.emit('data', line.subarray(11));
  two.end();
  expect(written).toEqual(['{"msg":"two"}\n{"msg":"three"}\n', '{"msg":"Zoë"}\n']);
});
