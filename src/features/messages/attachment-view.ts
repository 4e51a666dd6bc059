import { id, integer, record, text, time, type Of } from '../../platform/documents/schema';

/** Attachments that one message may carry. */
export const MAX_ATTACHMENTS = 10;
/** In code points. Longer names are cut. */
export const MAX_ATTACHMENT_NAME = 200;

export const attachmentSchema = record(
  'Attachment',
  {
    id: id(),
    name: text(
      { minimum: 1, maximum: MAX_ATTACHMENT_NAME },
      { description: 'The file name, without a path.', example: 'holiday.png' },
    ),
    type: text(
      { minimum: 3, maximum: 200 },
      {
        description:
          'The media type, detected from the content. The type that the upload declared does not count.',
        example: 'image/png',
      },
    ),
    size: integer(0, { description: 'In bytes.', example: 81_920 }),
    createdAt: time(),
  },
  'An uploaded file. `GET /api/v1/attachments/{attachmentId}` answers its bytes.',
);
export type AttachmentView = Of<typeof attachmentSchema>;

/** SQL: the attachment `a` as JSON in the shape of `AttachmentView`. */
export const ATTACHMENT_JSON = `jsonb_build_object('id', a.id, 'name', a.name, 'type', a.type, 'size', a.size,
  'createdAt', to_char(a.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))`;
