import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Caller, type CallerIdentity } from '../platform/http/caller';
import { SyncDto, type SyncedConversation } from './catch-up.dto';
import { CatchUpService } from './catch-up.service';

@WebSocketGateway()
export class CatchUpGateway {
  constructor(private readonly catchUp: CatchUpService) {}

  @SubscribeMessage('conversation:sync')
  async sync(
    @Caller() { userId }: CallerIdentity,
    @MessageBody() input: SyncDto,
  ): Promise<{ changes: SyncedConversation[] }> {
    return this.catchUp.sync(userId, input);
  }
}
