import { Module } from '@nestjs/common';
import { AuthenticationModule } from '../../features/authentication/authentication.module';
import { SocketSupervisor } from './socket-supervisor';
import { SocketsGateway } from './sockets.gateway';
import { Entitlements } from './entitlements';
import { Handshakes } from './handshakes';
import { WritePaths } from './write-paths';

@Module({
  imports: [AuthenticationModule],
  providers: [SocketsGateway, SocketSupervisor, Entitlements, Handshakes, WritePaths],
  exports: [SocketsGateway],
})
export class SocketsModule {}
