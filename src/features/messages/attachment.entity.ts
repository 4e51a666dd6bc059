import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { User } from '../users/user.entity';
import { ChatMessage } from './message.entity';

/**
 * An uploaded file. The attachment store keeps its bytes under its id. The collector removes it after a day unless a
 * message claims it.
 */
@Entity('attachments')
@Index('attachments_message_idx', ['messageId', 'position'], { where: 'message_id is not null' })
@Index('attachments_uploader_idx', ['uploaderId', 'createdAt'])
@Index('attachments_unclaimed_idx', ['createdAt'], { where: 'message_id is null' })
@Check('attachments_size_check', 'size >= 0')
@Check('attachments_stored_check', 'stored_at is null or sha256 is not null')
@Check('attachments_message_check', 'message_id is null or stored_at is not null')
export class Attachment {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'attachments_pkey' })
  id: string;

  @Column('uuid', {
    name: 'uploader_id',
    nullable: true,
    comment: 'null once the message was deleted or the person erased',
  })
  uploaderId: string | null;

  @ManyToOne(() => User, { onDelete: 'SET NULL' })
  @JoinColumn({ name: 'uploader_id', foreignKeyConstraintName: 'attachments_uploader_fkey' })
  uploader?: Relation<User> | null;

  @Column('text')
  name: string;

  @Column('text', { comment: 'as the content says' })
  type: string;

  @Column('bigint', { comment: 'in bytes; what is reserved while the upload is under way' })
  size: number;

  @Column({ type: 'text', nullable: true, collation: 'C', comment: 'hexadecimal' })
  sha256: string | null;

  @Column('uuid', {
    name: 'message_id',
    nullable: true,
    comment: 'the message that carries it; null while none does',
  })
  messageId: string | null;

  @ManyToOne(() => ChatMessage, { onDelete: 'SET NULL' })
  @JoinColumn({ name: 'message_id', foreignKeyConstraintName: 'attachments_message_fkey' })
  message?: Relation<ChatMessage> | null;

  @Column('bigint', { default: 0 })
  position: number;

  @Column('timestamp with time zone', { name: 'created_at', precision: 3, default: () => 'now()' })
  createdAt: Date;

  @Column('timestamp with time zone', {
    name: 'stored_at',
    precision: 3,
    nullable: true,
    comment: 'since when the file is whole; null while the upload is under way',
  })
  storedAt: Date | null;
}
