import { Module } from '@nestjs/common';
import { AuthenticationModule } from '../../features/authentication/authentication.module';
import { ConnectionWatch } from './connection-watch';
import { SocketsGateway } from './sockets.gateway';
import { Entitlements } from './entitlements';
import { Handshakes } from './handshakes';
import { WritePaths } from './write-paths';

@Module({
  imports: [AuthenticationModule],
  providers: [SocketsGateway, ConnectionWatch, Entitlements, Handshakes, WritePaths],
  exports: [SocketsGateway],
})
export class SocketsModule {}
