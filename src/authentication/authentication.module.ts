import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AccessTokens } from './access-tokens';
import { AuthenticationController } from './authentication.controller';
import { AuthenticationGuard } from './authentication.guard';
import { AuthenticationService } from './authentication.service';
import { OldPasswords } from './old-passwords';
import { Passwords } from './passwords';
import { RefreshTokens } from './refresh-tokens';
import { SessionsService } from './sessions.service';
import { SigningKeys } from './signing-keys';

@Module({
  controllers: [AuthenticationController],
  providers: [
    SigningKeys,
    AccessTokens,
    RefreshTokens,
    OldPasswords,
    Passwords,
    SessionsService,
    AuthenticationService,
    { provide: APP_GUARD, useClass: AuthenticationGuard },
  ],
  exports: [SessionsService, AuthenticationService],
})
export class AuthenticationModule {}
