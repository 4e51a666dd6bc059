import { Module } from '@nestjs/common';
import { AttachmentCollector } from './attachment-collector';
import { AttachmentStore } from './attachment-store';
import { AttachmentsController } from './attachments.controller';
import { AttachmentsService } from './attachments.service';
import { LocalAttachmentStore } from './local-attachment-store';

@Module({
  controllers: [AttachmentsController],
  providers: [
    AttachmentsService,
    AttachmentCollector,
    { provide: AttachmentStore, useClass: LocalAttachmentStore },
  ],
})
export class AttachmentsModule {}
