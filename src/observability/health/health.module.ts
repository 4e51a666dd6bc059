import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { AuthenticationModule } from '../../features/authentication/authentication.module';
import { ConversationsModule } from '../../features/conversations/conversations.module';
import { Canary } from './canary';
import { CanaryAccount } from './canary-account';
import { HealthController } from './health.controller';
import { HealthService } from './health.service';
import { Operators } from './operators';

@Module({
  imports: [TerminusModule.forRoot({ logger: false }), AuthenticationModule, ConversationsModule],
  controllers: [HealthController],
  providers: [HealthService, Operators, Canary, CanaryAccount],
})
export class HealthModule {}
