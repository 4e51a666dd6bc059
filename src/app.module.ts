import { Module, type DynamicModule } from '@nestjs/common';
import { AttachmentsModule } from './features/attachments/attachments.module';
import { AuthenticationModule } from './features/authentication/authentication.module';
import { BackupMetricsModule } from './operations/backups/backup-metrics';
import { BraidModule } from './delivery/braid/braid.module';
import { CatchUpModule } from './features/catch-up/catch-up.module';
import { SocketsModule } from './delivery/sockets/sockets.module';
import { ConversationsModule } from './features/conversations/conversations.module';
import { DocumentsModule } from './delivery/documents/documents.module';
import { FriendsModule } from './features/friends/friends.module';
import { HealthModule } from './observability/health/health.module';
import { ErasureModule } from './features/erasure/erasure.module';
import { MessagesModule } from './features/messages/messages.module';
import { MonitoringModule } from './observability/monitoring/monitoring.module';
import type { Configuration } from './platform/configuration/configuration';
import type { StructuredLogger } from './platform/logging/structured-logger';
import { PlatformModule } from './platform/platform.module';
import type { ThisWorker } from './platform/workers/this-worker';
import { PresenceModule } from './features/presence/presence.module';
import { SCHEMA } from './schema';
import { UserTimelineModule } from './delivery/braid/user-timeline.module';
import { SearchModule } from './features/search/search.module';
import { UsersModule } from './features/users/users.module';

/** The documents list the routes in this order. */
export const FEATURES = [
  UsersModule,
  AuthenticationModule,
  ConversationsModule,
  BraidModule,
  MessagesModule,
  AttachmentsModule,
  CatchUpModule,
  SearchModule,
  FriendsModule,
  PresenceModule,
  ErasureModule,
  SocketsModule,
  UserTimelineModule,
  HealthModule,
  MonitoringModule,
  BackupMetricsModule,
  DocumentsModule,
];

@Module({})
export class AppModule {
  static for(configuration: Configuration, logger: StructuredLogger, worker?: ThisWorker): DynamicModule {
    return {
      module: AppModule,
      imports: [PlatformModule.for(configuration, logger, SCHEMA, worker), ...FEATURES],
    };
  }
}
