import { Module } from '@nestjs/common';
import { BraidModule } from './braid.module';
import { UserTimelineController } from './user-timeline.controller';

@Module({ imports: [BraidModule], controllers: [UserTimelineController] })
export class UserTimelineModule {}
