import { Module } from '@nestjs/common';
import { AuthenticationModule } from '../authentication/authentication.module';
import { ConnectionsGateway } from './connections.gateway';
import { Entitlements } from './entitlements';

@Module({
  imports: [AuthenticationModule],
  providers: [ConnectionsGateway, Entitlements],
  exports: [ConnectionsGateway],
})
export class ConnectionsModule {}
