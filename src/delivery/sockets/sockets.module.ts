import { Module } from '@nestjs/common';
import { AuthenticationModule } from '../../features/authentication/authentication.module';
import { ConnectionWatch } from './connection-watch';
import { ConnectionsGateway } from './sockets.gateway';
import { Entitlements } from './entitlements';
import { Handshakes } from './handshakes';
import { WritePaths } from './write-paths';

@Module({
  imports: [AuthenticationModule],
  providers: [ConnectionsGateway, ConnectionWatch, Entitlements, Handshakes, WritePaths],
  exports: [ConnectionsGateway],
})
export class ConnectionsModule {}
