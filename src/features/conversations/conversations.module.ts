import { Module } from '@nestjs/common';
import { ConversationsController } from './conversations.controller';
import { ConversationsGateway } from './conversations.gateway';
import { ConversationsService } from './conversations.service';
import { ParticipantsService } from './participants.service';
import { ReadPositionsService } from './read-positions.service';

@Module({
  controllers: [ConversationsController],
  providers: [ConversationsService, ParticipantsService, ReadPositionsService, ConversationsGateway],
  exports: [ConversationsService],
})
export class ConversationsModule {}
