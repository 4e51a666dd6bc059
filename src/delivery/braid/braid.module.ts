import { Module } from '@nestjs/common';
import { AuthenticationModule } from '../../features/authentication/authentication.module';
import { CatchUpModule } from '../../features/catch-up/catch-up.module';
import { MessagesModule } from '../../features/messages/messages.module';
import { BraidMessages } from './braid-messages';
import { MessageResourcesController } from './message-resources.controller';
import { RequestPeers } from './request-peers';
import { StreamOpener } from './stream-opener';
import { Subscriptions } from './subscriptions';
import { BraidTimelines } from './braid-timelines';
import { DEFAULT_LIMITS, STREAM_LIMITS } from './update-stream';

@Module({
  imports: [AuthenticationModule, MessagesModule, CatchUpModule],
  controllers: [MessageResourcesController],
  providers: [
    BraidMessages,
    BraidTimelines,
    StreamOpener,
    Subscriptions,
    RequestPeers,
    { provide: STREAM_LIMITS, useValue: { ...DEFAULT_LIMITS } },
  ],
  exports: [BraidTimelines],
})
export class BraidModule {}
