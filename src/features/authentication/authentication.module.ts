import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AccessTokens } from './access-tokens';
import { AuthenticationController } from './authentication.controller';
import { AuthenticationGuard } from './authentication.guard';
import { AuthenticationHousekeeping } from './authentication-housekeeping';
import { AuthenticationLog } from './authentication-log';
import { AuthenticationService } from './authentication.service';
import { EndedSessionsWatch } from './ended-sessions-watch';
import { FamiliarNetworks } from './familiar-networks';
import { LiveSessions } from './live-sessions';
import { OldPasswords } from './old-passwords';
import { PasswordBudgets } from './password-budgets';
import { PasswordResetsController } from './password-resets.controller';
import { PasswordResetsService } from './password-resets.service';
import { Passwords } from './passwords';
import { RefreshTokens } from './refresh-tokens';
import { RegistrationController } from './registration.controller';
import { RegistrationPolicy } from './registration-policy';
import { SessionsService } from './sessions.service';
import { SigningKeys } from './signing-keys';

@Module({
  controllers: [AuthenticationController, RegistrationController, PasswordResetsController],
  providers: [
    SigningKeys,
    AccessTokens,
    RefreshTokens,
    OldPasswords,
    Passwords,
    FamiliarNetworks,
    PasswordBudgets,
    SessionsService,
    LiveSessions,
    AuthenticationLog,
    AuthenticationHousekeeping,
    EndedSessionsWatch,
    PasswordResetsService,
    RegistrationPolicy,
    AuthenticationService,
    { provide: APP_GUARD, useClass: AuthenticationGuard },
  ],
  exports: [SessionsService, LiveSessions, AuthenticationService],
})
export class AuthenticationModule {}
