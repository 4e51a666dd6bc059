import { Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { AuthenticationModule } from '../../features/authentication/authentication.module';
import { CatchUpModule } from '../../features/catch-up/catch-up.module';
import { MessagesModule } from '../../features/messages/messages.module';
import { BraidInterceptor } from './braid.interceptor';
import { BraidMessages } from './braid-messages';
import { RequestPeers } from './request-peers';
import { StreamOpener } from './stream-opener';
import { Subscriptions } from './subscriptions';
import { BraidTimelines } from './braid-timelines';
import { DEFAULT_LIMITS, STREAM_LIMITS } from './update-stream';
import { UserTimelineController } from './user-timeline.controller';

@Module({
  imports: [AuthenticationModule, MessagesModule, CatchUpModule],
  controllers: [UserTimelineController],
  providers: [
    BraidMessages,
    BraidTimelines,
    StreamOpener,
    Subscriptions,
    RequestPeers,
    { provide: STREAM_LIMITS, useValue: { ...DEFAULT_LIMITS } },
    { provide: APP_INTERCEPTOR, useClass: BraidInterceptor },
  ],
})
export class BraidModule {}
