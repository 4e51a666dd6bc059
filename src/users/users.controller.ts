import { Body, Controller, Get, Param, Patch, Query } from '@nestjs/common';
import { Caller, type CallerIdentity } from '../platform/http/caller';
import { parseId } from '../platform/validation/field-rules';
import { UpdateProfileDto, UserSearchDto, type OwnUserView, type UserList, type UserView } from './users.dto';
import { UsersService } from './users.service';

@Controller('api/v1/users')
export class UsersController {
  constructor(private readonly users: UsersService) {}

  @Get()
  async search(@Caller() { userId }: CallerIdentity, @Query() query: UserSearchDto): Promise<UserList> {
    return this.users.search(userId, query);
  }

  @Get('me')
  async own(@Caller() caller: CallerIdentity): Promise<OwnUserView> {
    return this.users.own(caller.userId);
  }

  @Patch('me')
  async update(@Caller() caller: CallerIdentity, @Body() input: UpdateProfileDto): Promise<OwnUserView> {
    return this.users.updateProfile(caller.userId, input);
  }

  @Get(':userId')
  async get(@Param('userId') userId: string): Promise<UserView> {
    return this.users.get(parseId('userId', userId));
  }
}
