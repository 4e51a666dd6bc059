import { NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import express from 'express';
import helmet from 'helmet';
import { AppModule } from './app.module';
import { BROWSER_CLIENT_FOLDER, browserClient } from './delivery/browser-client/browser-client';
import type { Configuration } from './platform/configuration/configuration';
import { DatabaseMonitor } from './platform/database/database-monitor';
import { ClientAddresses } from './platform/http/client-address';
import { closeWithConnection } from './platform/http/close-with-connection';
import { capConnections, MAX_CONNECTIONS_PER_ADDRESS } from './platform/http/connection-cap';
import { chargeAddress, refuseSuspended } from './platform/http/edge-budgets';
import { EXPOSED_HEADERS } from './platform/http/exposed-headers';
import { jsonBody } from './platform/http/json-body';
import { requestMiddleware } from './platform/http/request-middleware';
import { UPLOAD_TIMEOUT_MS } from './platform/http/upload-requests';
import { boundUnreadAnswers } from './platform/http/unread-answers';
import { WorkInFlight } from './platform/lifecycle/work-in-flight';
import type { StructuredLogger } from './platform/logging/structured-logger';
import { Metrics } from './platform/metrics/metrics';
import { PeriodicReadings } from './platform/metrics/periodic-readings';
import { PathBudgets } from './platform/rate-limits/path-budgets';
import { RateLimits } from './platform/rate-limits/rate-limits';
import { Suspensions } from './platform/rate-limits/suspensions';
import { RedisCarrier } from './platform/redis/redis-carrier';
import { EventRelay } from './platform/servers/event-relay';
import { SocketAdapter } from './platform/sockets/socket-adapter';
import { Tracing } from './platform/tracing/tracing';
import type { ThisWorker } from './platform/workers/this-worker';

const HEADERS_TIMEOUT_MS = 10_000;
/** How often Node checks for connections with overdue headers or bodies; its default is twice a minute. */
const OVERDUE_CHECK_MS = 2_000;
/** A last resort, since each request has a shorter deadline of its own. */
const REQUEST_TIMEOUT_MS = UPLOAD_TIMEOUT_MS + 30_000;
/**
 * Longer than the idle time of the usual load balancers, so that they never write to a connection that was just closed.
 */
const KEEP_ALIVE_TIMEOUT_MS = 75_000;

/**
 * Builds the whole application and connects it to its database. It does not listen yet.
 * @param worker undefined when the process has no workers beside it
 */
export async function createApplication(
  configuration: Configuration,
  logger: StructuredLogger,
  worker?: ThisWorker,
): Promise<NestExpressApplication> {
  const server = express();
  // A URL parser turns `…/messages/%2e%2e` into `…/`: without this setting, DELETE of it would delete the conversation.
  // Express reads the setting when it makes its router, so it comes before Nest.
  server.set('strict routing', true);
  const application = await NestFactory.create<NestExpressApplication>(
    AppModule.for(configuration, logger, worker),
    new ExpressAdapter(server),
    { logger, bodyParser: false, abortOnError: false },
  );
  application.disable('etag');
  application.disable('x-powered-by');
  application.set('query parser', 'simple');
  const edge = {
    addresses: application.get(ClientAddresses),
    rateLimits: application.get(RateLimits),
    suspensions: application.get(Suspensions),
  };
  application.set('trust proxy', edge.addresses.trustsProxy);
  application.use(closeWithConnection);
  application.use(refuseSuspended(edge));
  application.use(
    requestMiddleware({
      timeoutMs: configuration.REQUEST_TIMEOUT_MS,
      work: application.get(WorkInFlight),
      metrics: application.get(Metrics),
      tracing: application.get(Tracing),
      logger,
      addresses: edge.addresses,
    }),
  );
  application.use(boundUnreadAnswers(edge.addresses));
  application.use(helmet());
  application.use(chargeAddress({ ...edge, pathBudgets: application.get(PathBudgets) }));
  application.use(browserClient(BROWSER_CLIENT_FOLDER));
  application.enableCors({
    origin: configuration.CORS_ORIGINS.length > 0 ? configuration.CORS_ORIGINS : false,
    exposedHeaders: EXPOSED_HEADERS,
    maxAge: 600,
  });
  application.use(...jsonBody());
  application.useWebSocketAdapter(
    new SocketAdapter(application, configuration, logger, application.get(Metrics), worker),
  );
  await application.init();
  await application.get(DatabaseMonitor).start();
  application.get(RedisCarrier).start();
  await application.get(EventRelay).start();
  await application.get(PeriodicReadings).start();

  // After engine.io, which keeps its own requests away from earlier listeners. The primary deals out connections in
  // turn, so each worker gets a share of one address's connections.
  const cap = Math.ceil(MAX_CONNECTIONS_PER_ADDRESS / configuration.workerCount);
  if (edge.rateLimits.isOn) capConnections(application.getHttpServer(), edge.addresses, cap);
  Object.assign(application.getHttpServer(), {
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    connectionsCheckingInterval: OVERDUE_CHECK_MS, // read when it begins to listen
  });
  return application;
}
