import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Request } from 'express';
import { DataSource, type EntityManager } from 'typeorm';
import { uuidv7 } from 'uuidv7';
import { Configuration } from '../../platform/configuration/configuration';
import { lockName } from '../../platform/database/advisory-lock';
import { inTransaction } from '../../platform/database/transaction';
import { isUpload } from '../../platform/http/upload-requests';
import { Metrics } from '../../platform/metrics/metrics';
import {
  NOT_FOUND,
  RATE_LIMITED,
  SESSION_REVOKED,
  UNSUPPORTED_MEDIA_TYPE,
} from '../../platform/problems/general-problems';
import { Problem } from '../../platform/problems/problem';
import { toProblem } from '../../platform/problems/to-problem';
import { RateLimits } from '../../platform/rate-limits/rate-limits';
import type { Allowance } from '../../platform/rate-limits/token-buckets';
import { MAX_ATTACHMENTS, type AttachmentView } from '../messages/attachment-view';
import { holdPeople } from '../users/people.queries';
import { AttachmentStore } from './attachment-store';
import { ATTACHMENT_NOT_FOUND, ATTACHMENT_QUOTA_EXCEEDED } from './attachments.problems';
import {
  bytesOf,
  deleteAttachments,
  findReadable,
  finishAttachment,
  lockReservation,
  reserveAttachment,
  type StoredFile,
} from './attachments.queries';
import { contentTypeOf } from './content-type';
import { fileNameOf } from './file-name';
import { readMultipartFile } from './multipart-file';
import { tooLarge, UploadMeter } from './upload-meter';

/** Uploads by one person; each server counts by itself. */
const UPLOAD: Allowance = { burst: 100, perSecond: 100 / 3_600 };
/** Concurrent uploads by one person at each server: as many as one message carries. */
const MAX_UNDER_WAY = MAX_ATTACHMENTS;
/** The most that a multipart body has beside its file. */
const MULTIPART_BYTES = 16 * 1024;

/** Receives and serves files. The transaction that stores a message claims its uploads (`claimAttachments`). */
@Injectable()
export class AttachmentsService {
  private readonly logger = new Logger(AttachmentsService.name);
  private readonly underWay = new Map<string, number>();
  private readonly uploads;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly store: AttachmentStore,
    private readonly configuration: Configuration,
    private readonly rateLimits: RateLimits,
    metrics: Metrics,
  ) {
    this.uploads = metrics.counter(
      'xfchat_attachment_uploads_total',
      'Uploads by outcome (stored or the problem code)',
      ['outcome'],
    );
    metrics.gauge('xfchat_attachment_uploads_under_way', 'Uploads that are being received', () =>
      [...this.underWay.values()].reduce((sum, count) => sum + count, 0),
    );
  }

  /**
   * Streams the file of a multipart body to the store. Charges the limits before it reads a byte. It reserves the row
   * first and completes it last: if the server dies in between, the collector finds the reservation and removes the
   * file.
   * @throws Problem `unsupported-media-type`, `rate-limited`, `payload-too-large`, `attachment-quota-exceeded`,
   * `storage-full`, `validation-failed`, `malformed-request` or `request-timeout`
   */
  async upload(userId: string, request: Request): Promise<AttachmentView> {
    try {
      if (!isUpload(request)) throw new Problem(UNSUPPORTED_MEDIA_TYPE);
      const bytes = this.announcedBytes(request);
      this.rateLimits.take(UPLOAD, userId);
      const attachment = await this.inTurn(userId, () => this.receive(userId, request, bytes));
      this.uploads.inc({ outcome: 'stored' });
      return attachment;
    } catch (error) {
      this.uploads.inc({ outcome: toProblem(error).code });
      throw error;
    }
  }

  /** @throws Problem `attachment-not-found` */
  async find(userId: string, id: string): Promise<StoredFile> {
    const file = await findReadable(this.dataSource.manager, userId, id);
    if (!file) throw new Problem(ATTACHMENT_NOT_FOUND);
    return file;
  }

  /** The bytes to reserve. A body without a length may become as large as the limit. */
  private announcedBytes({ headers }: Request): number {
    const limit = this.configuration.ATTACHMENT_MAX_BYTES;
    const announced = Number(headers['content-length'] ?? limit);
    if (announced > limit + MULTIPART_BYTES) throw tooLarge(limit);
    return Math.min(announced, limit);
  }

  /** @throws Problem `rate-limited` */
  private async inTurn<T>(userId: string, work: () => Promise<T>): Promise<T> {
    const count = this.underWay.get(userId) ?? 0;
    if (this.rateLimits.isOn && count >= MAX_UNDER_WAY)
      throw new Problem(RATE_LIMITED, {
        detail: `One person may have at most ${MAX_UNDER_WAY} uploads in progress.`,
        retryAfter: 1,
      });
    this.underWay.set(userId, count + 1);
    try {
      return await work();
    } finally {
      const left = this.underWay.get(userId)! - 1;
      if (left > 0) this.underWay.set(userId, left);
      else this.underWay.delete(userId);
    }
  }

  private async receive(userId: string, request: Request, bytes: number): Promise<AttachmentView> {
    await this.store.requireSpace(bytes);
    const id = uuidv7();
    await inTransaction(this.dataSource, (manager) => this.reserve(manager, { id, userId, bytes }));
    try {
      const file = await readMultipartFile(request, async (stream, name): Promise<StoredFile> => {
        const meter = new UploadMeter(this.configuration.ATTACHMENT_MAX_BYTES);
        const seal = await this.store.write(id, stream, meter);
        return { name: fileNameOf(name), type: await contentTypeOf(meter.head), ...seal };
      });
      return await inTransaction(this.dataSource, async (manager) => {
        const attachment = await finishAttachment(manager, id, userId, file);
        if (!attachment) throw new Problem(NOT_FOUND);
        return attachment;
      });
    } catch (error) {
      await this.giveUp(id);
      throw error;
    }
  }

  /** @throws Problem `attachment-quota-exceeded`, or `session-revoked` when the person was erased meanwhile */
  private async reserve(
    manager: EntityManager,
    reserved: { readonly id: string; readonly userId: string; readonly bytes: number },
  ): Promise<void> {
    const { userId, bytes } = reserved;
    await holdPeople(manager, [userId], SESSION_REVOKED);
    await lockName(manager, `attachments ${userId}`);
    if ((await bytesOf(manager, userId)) + bytes > this.configuration.ATTACHMENT_QUOTA_BYTES)
      throw new Problem(ATTACHMENT_QUOTA_EXCEEDED);
    await reserveAttachment(manager, reserved);
  }

  /**
   * Removes what a failed upload left. When the upload is stored after all, only the database's answer was lost, and it
   * stays. The collector removes what cannot be removed now.
   */
  private async giveUp(id: string): Promise<void> {
    try {
      await inTransaction(this.dataSource, async (manager) => {
        if (!(await lockReservation(manager, id))) return;
        await this.store.remove(id);
        await deleteAttachments(manager, [id]);
      });
    } catch (error) {
      this.logger.warn(`the rest of upload ${id} will be removed later: ${toProblem(error).code}`);
    }
  }
}
