import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayUnique, IsArray, ValidateNested } from 'class-validator';
import type { ConversationView } from '../conversations/conversation-view';
import type { MessageView } from '../messages/message-view';
import type { ParticipantView } from '../participation/participant-view';
import { IsId, IsPosition, IsQueryInteger, Optional } from '../platform/validation/field-rules';

const MAX_CURSORS = 200;

export class ChangesDto {
  @Optional()
  @IsQueryInteger(0)
  seq?: number;

  @Optional()
  @IsQueryInteger(0)
  rev?: number;

  @Optional()
  @IsQueryInteger(0)
  epoch?: number;
}

export class SyncCursorDto {
  @IsId()
  conversationId: string;

  @IsPosition()
  seq: number;

  @IsPosition()
  rev: number;
}

export class SyncDto {
  @Optional()
  @IsPosition()
  epoch?: number;

  @IsArray({ message: 'must be a list' })
  @ArrayMaxSize(MAX_CURSORS, { message: `must have at most ${MAX_CURSORS} entries` })
  @ArrayUnique((cursor?: SyncCursorDto) => cursor?.conversationId, {
    message: 'must name each conversation once',
  })
  @ValidateNested({ each: true, message: 'must be an object' })
  @Type(() => SyncCursorDto)
  cursors: SyncCursorDto[];
}

/** What a client lacks of a conversation (G4). */
export interface Changes {
  /** New and changed ones, as they are now, by `seq`. */
  messages: MessageView[];
  /** Changed ones; `leftAt` on those who left. */
  participants: ParticipantView[];
  /** When title or description changed, else null. */
  conversation: ConversationView | null;
  head: { seq: number; rev: number };
  /** Where to go on; equals the head when `complete`. */
  cursor: { seq: number; rev: number };
  epoch: number;
  complete: boolean;
}

export type SyncedConversation =
  | (Changes & { conversationId: string })
  | { conversationId: string; gone: true }
  | { conversationId: string; reset: true };
