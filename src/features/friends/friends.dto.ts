import { conversationSchema } from '../conversations/conversation-view';
import { About, Alternatives } from '../../platform/documents/field-schema';
import {
  ABSENT,
  EXAMPLE_ID,
  GIVEN,
  extended,
  id,
  nullable,
  oneOf,
  page,
  record,
  text,
  time,
  usuallyNull,
  type Of,
} from '../../platform/documents/schema';
import { ListQueryDto } from '../../platform/pagination/page';
import { IsId, IsOptionalChoice, IsShownText, Optional } from '../../platform/validation/field-rules';
import { IsUsername } from '../../platform/validation/name-rules';
import { userSchema } from '../users/users.dto';
import type { FriendRequest } from './friend-request.entity';

const MAX_MESSAGE = 500;
const DIRECTIONS = ['incoming', 'outgoing'] as const;
const STATUSES = [
  'pending',
  'accepted',
  'declined',
  'cancelled',
] as const satisfies FriendRequest['status'][];

/** One of `recipientId` and `recipientUsername`. */
@Alternatives(
  { required: ['recipientId'], properties: { recipientId: GIVEN, recipientUsername: ABSENT } },
  { required: ['recipientUsername'], properties: { recipientId: ABSENT, recipientUsername: GIVEN } },
)
export class CreateFriendRequestDto {
  @About('Give this or `recipientUsername`.', EXAMPLE_ID)
  @Optional()
  @IsId()
  recipientId?: string;

  @About('Give this or `recipientId`.')
  @Optional()
  @IsUsername()
  recipientUsername?: string;

  @About(undefined, 'We met at the exhibition.')
  @Optional()
  @IsShownText(MAX_MESSAGE)
  message?: string;
}

export class FriendRequestListDto extends ListQueryDto {
  @About('Both directions when absent.')
  @IsOptionalChoice(DIRECTIONS)
  direction?: (typeof DIRECTIONS)[number];

  @About('`pending` when it is left out.')
  @IsOptionalChoice(STATUSES)
  status?: FriendRequest['status'];
}

export const friendRequestSchema = record('FriendRequest', {
  id: id(),
  sender: userSchema,
  recipient: userSchema,
  status: oneOf(STATUSES),
  message: nullable(text({ maximum: MAX_MESSAGE }, { example: 'We met at the exhibition.' })),
  createdAt: time(),
  respondedAt: usuallyNull(time()),
});
export type FriendRequestView = Of<typeof friendRequestSchema>;

export const friendRequestListSchema = page('FriendRequestList', friendRequestSchema);
export type FriendRequestList = Of<typeof friendRequestListSchema>;

export const acceptedFriendRequestSchema = record('AcceptedFriendRequest', {
  friendRequest: friendRequestSchema,
  conversation: conversationSchema,
});
export type AcceptedFriendRequest = Of<typeof acceptedFriendRequestSchema>;

export const friendListSchema = page('FriendList', extended('Friend', userSchema, { friendsSince: time() }));
export type FriendList = Of<typeof friendListSchema>;

export const blockListSchema = page('BlockList', extended('BlockedUser', userSchema, { blockedAt: time() }));
export type BlockList = Of<typeof blockListSchema>;
