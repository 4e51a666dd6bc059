import { Module } from '@nestjs/common';
import { MessageEdits } from './message-edits';
import { MessageWriter } from './message-writer';
import { MessagesController } from './messages.controller';
import { MessagesGateway } from './messages.gateway';
import { MessagesService } from './messages.service';
import { SharedMessages } from './shared-messages';

@Module({
  controllers: [MessagesController],
  providers: [MessagesService, MessageEdits, MessageWriter, MessagesGateway, SharedMessages],
  exports: [MessagesService, MessageEdits],
})
export class MessagesModule {}
