import { Module, type DynamicModule } from '@nestjs/common';
import { AuthenticationModule } from './authentication/authentication.module';
import { BackupMetricsModule } from './backups/backup-metrics';
import { BraidModule } from './braid/braid.module';
import { CatchUpModule } from './catch-up/catch-up.module';
import { ConnectionsModule } from './connections/connections.module';
import { ConversationsModule } from './conversations/conversations.module';
import { DocumentsModule } from './documents/documents.module';
import { FriendsModule } from './friends/friends.module';
import { HealthModule } from './health/health.module';
import { ErasingModule } from './erasing/erasing.module';
import { MessagesModule } from './messages/messages.module';
import { MonitoringModule } from './monitoring/monitoring.module';
import type { Configuration } from './platform/configuration/configuration';
import type { StructuredLogger } from './platform/logging/structured-logger';
import { PlatformModule } from './platform/platform.module';
import { SCHEMA } from './schema';
import { UsersModule } from './users/users.module';

export const FEATURES = [
  UsersModule,
  AuthenticationModule,
  ConversationsModule,
  MessagesModule,
  CatchUpModule,
  FriendsModule,
  ErasingModule,
  ConnectionsModule,
  BraidModule,
  HealthModule,
  MonitoringModule,
  BackupMetricsModule,
  DocumentsModule,
];

@Module({})
export class AppModule {
  static for(configuration: Configuration, logger: StructuredLogger): DynamicModule {
    return {
      module: AppModule,
      imports: [PlatformModule.for(configuration, logger, SCHEMA), ...FEATURES],
    };
  }
}
