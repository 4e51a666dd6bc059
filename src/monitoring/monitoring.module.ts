import { Module } from '@nestjs/common';
import { Figures } from './figures';

@Module({ providers: [Figures] })
export class MonitoringModule {}
