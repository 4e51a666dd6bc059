import { Module } from '@nestjs/common';
import { LastSeen } from './last-seen';
import { OwnPresence } from './own-presence';
import { PresenceController } from './presence.controller';
import { PresenceDirectory } from './presence-directory';
import { PresenceExchange } from './presence-exchange';
import { PresenceGateway } from './presence.gateway';
import { PresenceService } from './presence.service';
import { PresenceSettingsService } from './presence-settings.service';
import { PresenceSights } from './presence-sights';
import { PresenceWatches } from './presence-watches';
import { TypingGateway } from './typing.gateway';
import { TypingService } from './typing.service';

@Module({
  controllers: [PresenceController],
  providers: [
    LastSeen,
    OwnPresence,
    PresenceDirectory,
    PresenceExchange,
    PresenceGateway,
    PresenceService,
    PresenceSettingsService,
    PresenceSights,
    PresenceWatches,
    TypingGateway,
    TypingService,
  ],
})
export class PresenceModule {}
