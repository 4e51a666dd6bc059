import { Body, Controller, Get, Param, Patch, Query } from '@nestjs/common';
import { Route } from '../../platform/documents/documented';
import { Caller, type CallerIdentity } from '../../platform/http/caller';
import { parseId } from '../../platform/validation/field-rules';
import {
  UpdateProfileDto,
  UserSearchDto,
  type OwnUserView,
  type UserList,
  type UserView,
  ownUserSchema,
  userListSchema,
  userSchema,
} from './users.dto';
import { UsersService } from './users.service';
import { USER_NOT_FOUND } from './users.problems';

@Controller('api/v1/users')
export class UsersController {
  constructor(private readonly users: UsersService) {}

  @Get()
  @Route({ summary: 'Find people by the beginning of their username', answers: { 200: userListSchema } })
  async search(@Caller() { userId }: CallerIdentity, @Query() query: UserSearchDto): Promise<UserList> {
    return this.users.search(userId, query);
  }

  @Get('me')
  @Route({ summary: 'Read your profile', answers: { 200: ownUserSchema } })
  async own(@Caller() caller: CallerIdentity): Promise<OwnUserView> {
    return this.users.own(caller.userId);
  }

  @Patch('me')
  @Route({
    summary: 'Change your profile',
    description: 'Fields that are absent keep their values.',
    answers: { 200: ownUserSchema },
  })
  async update(@Caller() caller: CallerIdentity, @Body() input: UpdateProfileDto): Promise<OwnUserView> {
    return this.users.updateProfile(caller.userId, input);
  }

  @Get(':userId')
  @Route({ summary: 'Read another user’s profile', answers: { 200: userSchema }, problems: [USER_NOT_FOUND] })
  async get(@Param('userId') userId: string): Promise<UserView> {
    return this.users.get(parseId('userId', userId));
  }
}
