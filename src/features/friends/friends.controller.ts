import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { NO_CONTENT, Route } from '../../platform/documents/documented';
import { ListQueryDto } from '../../platform/pagination/page';
import { Caller, type CallerIdentity } from '../../platform/http/caller';
import { parseId } from '../../platform/validation/field-rules';
import { FriendRequestsService } from './friend-requests.service';
import {
  CreateFriendRequestDto,
  FriendRequestListDto,
  type AcceptedFriendRequest,
  type BlockList,
  type FriendList,
  type FriendRequestList,
  type FriendRequestView,
  acceptedFriendRequestSchema,
  blockListSchema,
  friendListSchema,
  friendRequestListSchema,
  friendRequestSchema,
} from './friends.dto';
import { FriendsService } from './friends.service';
import {
  ALREADY_FRIENDS,
  FRIEND_REQUEST_ALREADY_ANSWERED,
  FRIEND_REQUEST_EXISTS,
  FRIEND_REQUEST_NOT_FOUND,
} from './friends.problems';
import { FORBIDDEN } from '../../platform/problems/general-problems';
import { USER_NOT_FOUND } from '../users/users.problems';

@Controller('api/v1')
export class FriendsController {
  constructor(
    private readonly friends: FriendsService,
    private readonly requests: FriendRequestsService,
  ) {}

  @Post('friend-requests')
  @Route({
    summary: 'Send a friend request',
    description:
      'A request that crosses one of the other person makes the friendship and the direct conversation at once. Too many pending requests are also `rate-limited`.',
    answers: { 201: friendRequestSchema },
    location: ({ id }: FriendRequestView) => `/api/v1/friend-requests/${id}`,
    problems: [USER_NOT_FOUND, FORBIDDEN, ALREADY_FRIENDS, FRIEND_REQUEST_EXISTS],
  })
  async create(
    @Caller() { userId }: CallerIdentity,
    @Body() input: CreateFriendRequestDto,
  ): Promise<FriendRequestView> {
    return this.requests.create(userId, input);
  }

  @Get('friend-requests')
  @Route({ summary: 'List friend requests', answers: { 200: friendRequestListSchema } })
  async listRequests(
    @Caller() { userId }: CallerIdentity,
    @Query() query: FriendRequestListDto,
  ): Promise<FriendRequestList> {
    return this.requests.list(userId, query);
  }

  @Post('friend-requests/:friendRequestId/accept')
  @HttpCode(200)
  @Route({
    summary: 'Accept a friend request',
    description: 'Makes the friendship and the direct conversation. Accepting again gives the same answer.',
    answers: { 200: acceptedFriendRequestSchema },
    problems: [FRIEND_REQUEST_NOT_FOUND, FORBIDDEN, FRIEND_REQUEST_ALREADY_ANSWERED],
  })
  async accept(
    @Caller() { userId }: CallerIdentity,
    @Param('friendRequestId') id: string,
  ): Promise<AcceptedFriendRequest> {
    return this.requests.accept(userId, parseId('friendRequestId', id));
  }

  @Post('friend-requests/:friendRequestId/decline')
  @HttpCode(204)
  @Route({
    summary: 'Decline a friend request',
    answers: { 204: NO_CONTENT },
    problems: [FRIEND_REQUEST_NOT_FOUND, FORBIDDEN, FRIEND_REQUEST_ALREADY_ANSWERED],
  })
  async decline(@Caller() { userId }: CallerIdentity, @Param('friendRequestId') id: string): Promise<void> {
    await this.requests.decline(userId, parseId('friendRequestId', id));
  }

  @Delete('friend-requests/:friendRequestId')
  @HttpCode(204)
  @Route({
    summary: 'Cancel a friend request',
    answers: { 204: NO_CONTENT },
    problems: [FRIEND_REQUEST_NOT_FOUND, FORBIDDEN, FRIEND_REQUEST_ALREADY_ANSWERED],
  })
  async cancel(@Caller() { userId }: CallerIdentity, @Param('friendRequestId') id: string): Promise<void> {
    await this.requests.cancel(userId, parseId('friendRequestId', id));
  }

  @Get('friends')
  @Route({ summary: 'List friends', answers: { 200: friendListSchema } })
  async list(@Caller() { userId }: CallerIdentity, @Query() query: ListQueryDto): Promise<FriendList> {
    return this.friends.list(userId, query);
  }

  @Delete('friends/:userId')
  @HttpCode(204)
  @Route({ summary: 'End a friendship', answers: { 204: NO_CONTENT } })
  async remove(@Caller() caller: CallerIdentity, @Param('userId') userId: string): Promise<void> {
    await this.friends.remove(caller.userId, parseId('userId', userId));
  }

  @Get('users/me/blocks')
  @Route({ summary: 'List the people whom you blocked', answers: { 200: blockListSchema } })
  async listBlocks(@Caller() { userId }: CallerIdentity, @Query() query: ListQueryDto): Promise<BlockList> {
    return this.friends.listBlocks(userId, query);
  }

  @Put('users/me/blocks/:userId')
  @HttpCode(204)
  @Route({
    summary: 'Block somebody',
    description:
      'Ends the friendship and pending requests. While the block stands, neither can send the other a request or a direct message, and neither sees what the other does in their direct conversation.',
    answers: { 204: NO_CONTENT },
    problems: [USER_NOT_FOUND, FORBIDDEN],
  })
  async block(@Caller() caller: CallerIdentity, @Param('userId') userId: string): Promise<void> {
    await this.friends.block(caller.userId, parseId('userId', userId));
  }

  @Delete('users/me/blocks/:userId')
  @HttpCode(204)
  @Route({ summary: 'Lift a block', answers: { 204: NO_CONTENT } })
  async unblock(@Caller() caller: CallerIdentity, @Param('userId') userId: string): Promise<void> {
    await this.friends.unblock(caller.userId, parseId('userId', userId));
  }
}
