import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Command } from '../../platform/documents/documented';
import { Caller, type CallerIdentity } from '../../platform/http/caller';
import { SyncDto, type SyncedConversation, syncResultSchema } from './catch-up.dto';
import { CatchUpService } from './catch-up.service';

@WebSocketGateway()
export class CatchUpGateway {
  constructor(private readonly catchUp: CatchUpService) {}

  @SubscribeMessage('conversation:sync')
  @Command({
    summary: 'Catch up with many conversations at once',
    answer: syncResultSchema,
    problems: [],
    isWrite: false,
  })
  async sync(
    @Caller() { userId }: CallerIdentity,
    @MessageBody() input: SyncDto,
  ): Promise<{ changes: SyncedConversation[] }> {
    return this.catchUp.sync(userId, input);
  }
}
