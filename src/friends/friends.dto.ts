import { Transform, type TransformFnParams } from 'class-transformer';
import { IsIn, IsString, Matches, MaxLength } from 'class-validator';
import { IsId, IsQueryInteger, IsText, Optional } from '../platform/validation/field-rules';
import type { ConversationView } from '../conversations/conversation-view';
import type { UserView } from '../users/users.dto';
import type { FriendRequest } from './friend-request.entity';

const fold = ({ value }: TransformFnParams): unknown =>
  typeof value === 'string' ? value.toLowerCase() : value;

/** One of `recipientId` and `recipientUsername`. */
export class CreateFriendRequestDto {
  @Optional()
  @IsId()
  recipientId?: string;

  @Optional()
  @Transform(fold)
  @Matches(/^[a-z0-9._-]{3,32}$/, { message: 'must be a username' })
  recipientUsername?: string;

  @Optional()
  @IsText(1, 500)
  message?: string;
}

class ListDto {
  @Optional()
  @IsString({ message: 'must be a cursor' })
  @MaxLength(200)
  cursor?: string;

  @Optional()
  @IsQueryInteger(1, 200)
  limit?: number;
}

export class FriendRequestListDto extends ListDto {
  @Optional()
  @IsIn(['incoming', 'outgoing'], { message: 'must be incoming or outgoing' })
  direction?: 'incoming' | 'outgoing';

  @Optional()
  @IsIn(['pending', 'accepted', 'declined', 'cancelled'], {
    message: 'must be pending, accepted, declined or cancelled',
  })
  status?: FriendRequest['status'];
}

export class PeopleListDto extends ListDto {}

export interface FriendRequestView {
  id: string;
  sender: UserView;
  recipient: UserView;
  status: FriendRequest['status'];
  message: string | null;
  createdAt: string;
  respondedAt: string | null;
}

export interface FriendRequestList {
  items: FriendRequestView[];
  nextCursor: string | null;
}

export interface AcceptedFriendRequest {
  friendRequest: FriendRequestView;
  conversation: ConversationView;
}

export interface FriendView extends UserView {
  friendsSince: string;
}

export interface BlockedUserView extends UserView {
  blockedAt: string;
}

export interface FriendList {
  items: FriendView[];
  nextCursor: string | null;
}

export interface BlockList {
  items: BlockedUserView[];
  nextCursor: string | null;
}
