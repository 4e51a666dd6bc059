import { Controller, Get, HttpCode, Param, Post, Put, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Configuration } from '../../platform/configuration/configuration';
import { NO_CONTENT, Route } from '../../platform/documents/documented';
import { Caller, type CallerIdentity } from '../../platform/http/caller';
import { setFileCookie } from '../../platform/http/file-cookie';
import { parseId } from '../../platform/validation/field-rules';
import { bearerTokenOf } from '../authentication/authentication.guard';
import { attachmentSchema, type AttachmentView } from '../messages/attachment-view';
import { AttachmentStore } from './attachment-store';
import { ATTACHMENT_NOT_FOUND, ATTACHMENT_QUOTA_EXCEEDED } from './attachments.problems';
import { AttachmentsService } from './attachments.service';
import { answerWithFile } from './file-answer';

const FILE = { mediaType: '*/*' };

/** Uploads and downloads. */
@Controller('api/v1/attachments')
export class AttachmentsController {
  constructor(
    private readonly attachments: AttachmentsService,
    private readonly store: AttachmentStore,
    private readonly configuration: Configuration,
  ) {}

  @Post()
  @Route({
    summary: 'Upload a file',
    description:
      'The file is the only part of the body. The server detects its type from the content and ignores the declared type. ' +
      'Until a message names it in `attachmentIds`, only its uploader may read it. After a day without a message it is removed. ' +
      'Another upload of the same file makes another attachment.',
    file: 'The file, with its name.',
    answers: { 201: attachmentSchema },
    location: ({ id }: AttachmentView) => `/api/v1/attachments/${id}`,
    problems: [ATTACHMENT_QUOTA_EXCEEDED],
  })
  upload(@Caller() { userId }: CallerIdentity, @Req() request: Request): Promise<AttachmentView> {
    return this.attachments.upload(userId, request);
  }

  @Put('access')
  @HttpCode(204)
  @Route({
    summary: 'Let this browser read attachments',
    description:
      'Sets a cookie with the access token, for addresses of attachments alone, so that a page can show pictures by their ' +
      'address. It is not sent to scripts or by other sites, and ends with the token: call again with each new one.',
    answers: { 204: NO_CONTENT },
  })
  letRead(@Req() request: Request, @Res({ passthrough: true }) response: Response): void {
    setFileCookie(response, bearerTokenOf(request)!, this.configuration.ACCESS_TOKEN_LIFETIME_MS);
  }

  @Get(':attachmentId')
  @Route({
    summary: 'Download an attachment',
    description:
      'Its uploader may read it, and so may the participants of the conversation of the message that carries it. Takes `Range` (one range of ' +
      'bytes; others are ignored), `If-Range` and `If-None-Match`. The cookie of `PUT /api/v1/attachments/access` stands in for ' +
      '`Authorization`. Pictures, sound and video are `inline`; everything else is a download.',
    answers: { 200: FILE, 206: FILE, 304: NO_CONTENT },
    problems: [ATTACHMENT_NOT_FOUND],
  })
  async download(
    @Caller() { userId }: CallerIdentity,
    @Param('attachmentId') attachmentId: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const id = parseId('attachmentId', attachmentId);
    const file = await this.attachments.find(userId, id);
    await answerWithFile(request, response, file, (range) => this.store.read(id, range));
  }
}
