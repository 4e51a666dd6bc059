import { Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { MessagesModule } from '../messages/messages.module';
import { BraidInterceptor } from './braid.interceptor';
import { MessageDoor } from './message-door';

@Module({
  imports: [MessagesModule],
  providers: [MessageDoor, { provide: APP_INTERCEPTOR, useClass: BraidInterceptor }],
})
export class BraidModule {}
