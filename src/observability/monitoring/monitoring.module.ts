import { Module } from '@nestjs/common';
import { ServerMetrics } from './server-metrics';

@Module({ providers: [ServerMetrics] })
export class MonitoringModule {}
