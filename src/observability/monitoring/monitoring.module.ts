import { Module } from '@nestjs/common';
import { SchemaDifferences } from './schema-differences';
import { ServerMetrics } from './server-metrics';

@Module({ providers: [ServerMetrics, SchemaDifferences] })
export class MonitoringModule {}
