import type { Readable } from 'node:stream';
import { Busboy } from '@fastify/busboy';
import type { Request } from 'express';
import { MALFORMED_REQUEST, REQUEST_TIMEOUT } from '../../platform/problems/general-problems';
import { invalidField, Problem } from '../../platform/problems/problem';

/** The upload has ended when nothing arrives for this long. */
const STALL_MS = 30_000;
const LIMITS = { fields: 0, files: 1, parts: 1, headerPairs: 20, headerSize: 8 * 1024, fieldNameSize: 100 };

type Consume<T> = (file: Readable, name: string | undefined) => Promise<T>;

/**
 * Reads the one file of a multipart body and buffers little of it. Resolves with the result of `consume` once the body
 * has ended correctly. The file stream fails with whatever is wrong with the request.
 * @throws Problem `validation-failed`, `malformed-request` or `request-timeout`, or the error of `consume`
 */
export async function readMultipartFile<T>(request: Request, consume: Consume<T>): Promise<T> {
  const parser = parserOf(request);
  let file: Readable | undefined;
  let work: Promise<T> | undefined;
  let stalled: NodeJS.Timeout | undefined;
  const onData = (): void => void stalled?.refresh();
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (error: Error): void => {
        request.unpipe(parser);
        file?.destroy(error);
        reject(error);
      };
      stalled = setTimeout(() => fail(new Problem(REQUEST_TIMEOUT)), STALL_MS);
      const wrong = (detail: string) => (): void => fail(invalidField('/file', detail));
      parser.on('file', (field, stream, name) => {
        file = stream;
        // The stream needs a listener after the consumer has failed.
        stream.on('error', () => undefined);
        if (field !== 'file') return wrong('is the only field that there is')();
        work = consume(stream, name);
        work.catch(fail);
      });
      for (const event of ['partsLimit', 'filesLimit', 'fieldsLimit'] as const)
        parser.on(event, wrong('must be the only part of the body'));
      parser.on('error', () => fail(malformed('the body is not multipart/form-data as RFC 7578 has it')));
      parser.on('finish', () => (work ? resolve() : wrong('is missing')()));
      request.once('error', () => fail(malformed('the upload broke off')));
      request.once('close', () => request.complete || fail(malformed('the upload broke off')));
      if (request.destroyed && !request.complete) return fail(malformed('the upload broke off'));
      request.on('data', onData);
      request.pipe(parser);
    });
    return await work!;
  } catch (error) {
    // Waits until the consumer has cleaned up.
    await work?.catch(() => undefined);
    throw error;
  } finally {
    clearTimeout(stalled);
    request.off('data', onData);
  }
}

function parserOf(request: Request): InstanceType<typeof Busboy> {
  try {
    return new Busboy({
      headers: { ...request.headers, 'content-type': request.headers['content-type'] ?? '' },
      limits: LIMITS,
      isPartAFile: () => true,
    });
  } catch {
    throw malformed('the body has no boundary');
  }
}

const malformed = (detail: string): Problem => new Problem(MALFORMED_REQUEST, { detail });
