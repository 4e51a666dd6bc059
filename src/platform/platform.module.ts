import { Global, Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR, APP_PIPE, DiscoveryModule } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Configuration } from './configuration/configuration';
import { DatabaseCircuit } from './database/circuit';
import { DatabaseMonitor } from './database/database-monitor';
import { databaseOptions, type DatabaseSchema } from './database/database-options';
import { Maintenance } from './database/maintenance';
import { PoolUsage } from './database/pool-usage';
import { DATABASE_SCHEMA, SchemaMonitor } from './database/schema-monitor';
import { StatementWatch } from './database/statement-watch';
import { ValueMonitor } from './database/value-monitor';
import { EventBus } from './events/event-bus';
import { SharedEvents } from './events/shared';
import { Flags } from './flags/flags';
import { Housekeeping } from './housekeeping/housekeeping';
import { ClientAddresses } from './http/client-address';
import { WorkInFlight } from './lifecycle/work-in-flight';
import { LocationInterceptor } from './http/location.interceptor';
import { StructuredLogger } from './logging/structured-logger';
import { Metrics } from './metrics/metrics';
import { MetricsController } from './metrics/metrics.controller';
import { MetricsPort } from './metrics/metrics-port';
import { PeriodicReadings } from './metrics/periodic-readings';
import { ProblemFilter } from './problems/problem.filter';
import { ProblemsController } from './problems/problems.controller';
import { AttemptStore, MemoryAttemptStore } from './rate-limits/attempt-store';
import { PrimaryAttemptStore } from './rate-limits/primary-attempt-store';
import { PathBudgets } from './rate-limits/path-budgets';
import { RateLimits } from './rate-limits/rate-limits';
import { RedisAttemptStore } from './rate-limits/redis-attempt-store';
import { SharedCounts } from './rate-limits/shared-counts';
import { Suspensions } from './rate-limits/suspensions';
import { RedisCarrier } from './redis/redis-carrier';
import { RedisLink } from './redis/redis-link';
import { EventRelay } from './servers/event-relay';
import { HostedRooms } from './servers/hosted-rooms';
import { Signals } from './servers/signals';
import { CommandResultInterceptor } from './sockets/command-result.interceptor';
import { DirectCommands } from './sockets/direct-commands';
import { Rooms } from './sockets/rooms';
import { startTracing, Tracing } from './tracing/tracing';
import { RequestValidationPipe } from './validation/request-validation.pipe';
import { ThisWorker } from './workers/this-worker';

const SHARED = [
  EventBus,
  SharedEvents,
  EventRelay,
  HostedRooms,
  Signals,
  RedisLink,
  RedisCarrier,
  WorkInFlight,
  MetricsPort,
  PeriodicReadings,
  Housekeeping,
  ClientAddresses,
  RateLimits,
  PathBudgets,
  Suspensions,
  SharedCounts,
  Rooms,
  DirectCommands,
  DatabaseMonitor,
  PoolUsage,
  SchemaMonitor,
  ValueMonitor,
  Flags,
];

/** The services that every feature uses. The platform imports no feature. */
@Global()
@Module({ controllers: [ProblemsController, MetricsController] })
export class PlatformModule {
  /** @param worker undefined where the process has no workers beside it */
  static for(
    configuration: Configuration,
    logger: StructuredLogger,
    schema: DatabaseSchema,
    worker?: ThisWorker,
  ): DynamicModule {
    const circuit = new DatabaseCircuit();
    const metrics = new Metrics(worker?.number);
    worker?.onMetricsAsked(() => metrics.registry.getMetricsAsJSON());
    const attempts = worker ? new PrimaryAttemptStore(worker) : new MemoryAttemptStore();
    const watch = new StatementWatch(logger, metrics);
    const maintenance = new Maintenance();
    return {
      module: PlatformModule,
      imports: [
        DiscoveryModule,
        TypeOrmModule.forRoot({
          ...databaseOptions(configuration.DATABASE_URL ?? '', configuration, schema, {
            circuit,
            watch,
            maintenance,
          }),
          // The start has verified the database. If it vanishes in between, report that at once.
          retryAttempts: 0,
        }),
      ],
      providers: [
        { provide: Configuration, useValue: configuration },
        { provide: StructuredLogger, useValue: logger },
        { provide: Metrics, useValue: metrics },
        {
          provide: AttemptStore,
          useFactory: (link: RedisLink) => new RedisAttemptStore(link, attempts),
          inject: [RedisLink],
        },
        ...(worker ? [{ provide: ThisWorker, useValue: worker }] : []),
        { provide: DatabaseCircuit, useValue: circuit },
        { provide: StatementWatch, useValue: watch },
        { provide: Maintenance, useValue: maintenance },
        { provide: DATABASE_SCHEMA, useValue: schema },
        {
          provide: Tracing,
          useFactory: () =>
            startTracing(
              configuration.tracesUrl,
              metrics,
              logger,
              configuration.OTEL_EXPORTER_OTLP_HEADERS_FILE && configuration.OTEL_EXPORTER_OTLP_HEADERS,
            ),
        },
        ...SHARED,
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_PIPE, useClass: RequestValidationPipe },
        { provide: APP_INTERCEPTOR, useClass: CommandResultInterceptor },
        { provide: APP_INTERCEPTOR, useClass: LocationInterceptor },
      ],
      exports: [
        Configuration,
        StructuredLogger,
        Metrics,
        DatabaseCircuit,
        StatementWatch,
        Maintenance,
        DATABASE_SCHEMA,
        Tracing,
        AttemptStore,
        ...(worker ? [ThisWorker] : []),
        ...SHARED,
      ],
    };
  }
}
