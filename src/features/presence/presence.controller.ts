import { Body, Controller, Get, Patch } from '@nestjs/common';
import { DocumentedAs, Route } from '../../platform/documents/documented';
import { Caller, type CallerIdentity } from '../../platform/http/caller';
import { presenceSettingsSchema, UpdatePresenceSettingsDto, type PresenceSettingsView } from './presence.dto';
import { PresenceSettingsService } from './presence-settings.service';

@DocumentedAs('Users')
@Controller('api/v1/users/me/presence')
export class PresenceController {
  constructor(private readonly settings: PresenceSettingsService) {}

  @Get()
  @Route({ summary: 'Read your presence settings', answers: { 200: presenceSettingsSchema } })
  async readPresence(@Caller() { userId }: CallerIdentity): Promise<PresenceSettingsView> {
    return this.settings.read(userId);
  }

  @Patch()
  @Route({
    summary: 'Change your presence settings',
    description: 'Fields that are absent keep their values.',
    answers: { 200: presenceSettingsSchema },
  })
  async updatePresence(
    @Caller() { userId }: CallerIdentity,
    @Body() input: UpdatePresenceSettingsDto,
  ): Promise<PresenceSettingsView> {
    return this.settings.update(userId, input);
  }
}
