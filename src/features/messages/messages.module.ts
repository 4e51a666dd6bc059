import { Module } from '@nestjs/common';
import { AllMentions } from './all-mentions';
import { MessageEdits } from './message-edits';
import { MessageMarks } from './message-marks';
import { MessageMarksController } from './message-marks.controller';
import { MessageMarksGateway } from './message-marks.gateway';
import { MessageWriter } from './message-writer';
import { MessagesController } from './messages.controller';
import { MessagesGateway } from './messages.gateway';
import { MessagesHousekeeping } from './messages-housekeeping';
import { MessagesService } from './messages.service';
import { SharedMessages } from './shared-messages';

@Module({
  controllers: [MessagesController, MessageMarksController],
  providers: [
    MessagesService,
    MessageEdits,
    AllMentions,
    MessageMarks,
    MessageWriter,
    MessagesGateway,
    MessageMarksGateway,
    SharedMessages,
    MessagesHousekeeping,
  ],
  exports: [MessagesService, MessageEdits],
})
export class MessagesModule {}
