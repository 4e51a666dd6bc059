import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { Caller, type CallerIdentity } from '../platform/http/caller';
import { parseId } from '../platform/validation/field-rules';
import { FriendRequestsService } from './friend-requests.service';
import {
  CreateFriendRequestDto,
  FriendRequestListDto,
  PeopleListDto,
  type AcceptedFriendRequest,
  type BlockList,
  type FriendList,
  type FriendRequestList,
  type FriendRequestView,
} from './friends.dto';
import { FriendsService } from './friends.service';

@Controller('api/v1')
export class FriendsController {
  constructor(
    private readonly friends: FriendsService,
    private readonly requests: FriendRequestsService,
  ) {}

  @Post('friend-requests')
  async create(
    @Caller() { userId }: CallerIdentity,
    @Body() input: CreateFriendRequestDto,
  ): Promise<FriendRequestView> {
    return this.requests.create(userId, input);
  }

  @Get('friend-requests')
  async listRequests(
    @Caller() { userId }: CallerIdentity,
    @Query() query: FriendRequestListDto,
  ): Promise<FriendRequestList> {
    return this.requests.list(userId, query);
  }

  @Post('friend-requests/:friendRequestId/accept')
  @HttpCode(200)
  async accept(
    @Caller() { userId }: CallerIdentity,
    @Param('friendRequestId') id: string,
  ): Promise<AcceptedFriendRequest> {
    return this.requests.accept(userId, parseId('friendRequestId', id));
  }

  @Post('friend-requests/:friendRequestId/decline')
  @HttpCode(204)
  async decline(@Caller() { userId }: CallerIdentity, @Param('friendRequestId') id: string): Promise<void> {
    await this.requests.decline(userId, parseId('friendRequestId', id));
  }

  @Delete('friend-requests/:friendRequestId')
  @HttpCode(204)
  async cancel(@Caller() { userId }: CallerIdentity, @Param('friendRequestId') id: string): Promise<void> {
    await this.requests.cancel(userId, parseId('friendRequestId', id));
  }

  @Get('friends')
  async list(@Caller() { userId }: CallerIdentity, @Query() query: PeopleListDto): Promise<FriendList> {
    return this.friends.list(userId, query);
  }

  @Delete('friends/:userId')
  @HttpCode(204)
  async remove(@Caller() caller: CallerIdentity, @Param('userId') userId: string): Promise<void> {
    await this.friends.remove(caller.userId, parseId('userId', userId));
  }

  @Get('users/me/blocks')
  async listBlocks(@Caller() { userId }: CallerIdentity, @Query() query: PeopleListDto): Promise<BlockList> {
    return this.friends.listBlocks(userId, query);
  }

  @Put('users/me/blocks/:userId')
  @HttpCode(204)
  async block(@Caller() caller: CallerIdentity, @Param('userId') userId: string): Promise<void> {
    await this.friends.block(caller.userId, parseId('userId', userId));
  }

  @Delete('users/me/blocks/:userId')
  @HttpCode(204)
  async unblock(@Caller() caller: CallerIdentity, @Param('userId') userId: string): Promise<void> {
    await this.friends.unblock(caller.userId, parseId('userId', userId));
  }
}
