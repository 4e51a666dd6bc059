import { Module } from '@nestjs/common';
import { AuthenticationModule } from '../authentication/authentication.module';
import { ConnectionsGateway } from './connections.gateway';
import { Entitlements } from './entitlements';
import { WritePaths } from './write-paths';

@Module({
  imports: [AuthenticationModule],
  providers: [ConnectionsGateway, Entitlements, WritePaths],
  exports: [ConnectionsGateway],
})
export class ConnectionsModule {}
