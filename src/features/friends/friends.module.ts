import { Module } from '@nestjs/common';
import { ConversationsModule } from '../conversations/conversations.module';
import { FriendRequestsService } from './friend-requests.service';
import { FriendsController } from './friends.controller';
import { FriendsGateway } from './friends.gateway';
import { FriendsHousekeeping } from './friends-housekeeping';
import { FriendsService } from './friends.service';

@Module({
  imports: [ConversationsModule],
  controllers: [FriendsController],
  providers: [FriendRequestsService, FriendsService, FriendsGateway, FriendsHousekeeping],
})
export class FriendsModule {}
