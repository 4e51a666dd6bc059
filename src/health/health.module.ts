import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { AuthenticationModule } from '../authentication/authentication.module';
import { HealthController } from './health.controller';
import { HealthService } from './health.service';
import { Operators } from './operators';

@Module({
  imports: [TerminusModule.forRoot({ logger: false }), AuthenticationModule],
  controllers: [HealthController],
  providers: [HealthService, Operators],
})
export class HealthModule {}
