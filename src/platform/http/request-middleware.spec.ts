import { Agent, createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Response } from 'express';
import { WorkInFlight } from '../lifecycle/work-in-flight';
import type { StructuredLogger } from '../logging/structured-logger';
import { Metrics } from '../metrics/metrics';
import { DATABASE_BUSY } from '../problems/general-problems';
import { Problem } from '../problems/problem';
import { sendProblem } from '../problems/problem.filter';
import { Tracing } from '../tracing/tracing';
import { requestMiddleware } from './request-middleware';

function gate<T>(): { promise: Promise<T>; resolve(value: T): void } {
  let resolve!: (value: T) => void;
  return { promise: new Promise<T>((done) => (resolve = done)), resolve };
}

describe('a request', () => {
  let server: Server;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  afterEach(() => {
    agent.destroy();
    server.close();
  });

  it('leaves the connection usable for the next request if its handler returns after the deadline', async () => {
    const failed = gate<void>();
    const arrived = gate<Response>();
    const application = express();
    const logger = { event: () => undefined } as unknown as StructuredLogger;
    application.use(
      requestMiddleware({
        timeoutMs: 500,
        work: new WorkInFlight(),
        metrics: new Metrics(),
        tracing: new Tracing(),
        logger,
        addresses: { of: () => '127.0.0.1' },
      }),
    );
    application.get('/slow', (request, response) => {
      void failed.promise.then(() => sendProblem(request, response, new Problem(DATABASE_BUSY)));
    });
    application.get('/next', (_request, response) => arrived.resolve(response));
    server = createServer(application);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const statusOf = (path: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const options = { host: '127.0.0.1', port, path, agent };
        get(options, (response) => {
          response.resume().once('end', () => resolve(response.statusCode));
        }).once('error', reject);
      });

    expect(await statusOf('/slow')).toBe(503);
    const next = statusOf('/next');
    const response = await arrived.promise;
    failed.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    response.end();
    expect(await next).toBe(200);
  });
});
