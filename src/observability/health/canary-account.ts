import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { uuidv7 } from 'uuidv7';
import type { Tokens } from '../../features/authentication/authentication.dto';
import { SessionsService } from '../../features/authentication/sessions.service';
import { ConversationsService } from '../../features/conversations/conversations.service';
import { Conversation } from '../../features/membership/conversation.entity';
import { inTransaction } from '../../platform/database/transaction';
import { User } from '../../features/users/user.entity';

/** The canary creates a new conversation after so many messages, so that none of its conversations grows. */
const MESSAGES_PER_CONVERSATION = 100;
/** A canary without messages for this long belonged to a process that was killed. */
const FORSAKEN_AFTER = '1 hour';
/** No password verifies against this hash. */
const NO_PASSWORD = '';

interface Account {
  readonly userId: string;
  tokens: Tokens;
  renewAt: number;
  conversationId: string;
  messages: number;
}

/**
 * The canary of this process has an internal user, its session, and a conversation without other participants. Each
 * process has its own, so that they do not meet. The next process to start removes what a killed one left.
 */
@Injectable()
export class CanaryAccount {
  private account: Account | undefined;

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly sessions: SessionsService,
    private readonly conversations: ConversationsService,
  ) {}

  /** The conversation for the next message, and an access token. */
  async next(): Promise<{ token: string; conversationId: string }> {
    const account = (this.account ??= await this.open());
    if (performance.now() > account.renewAt) {
      account.tokens = await this.sessions.refresh(account.tokens.refreshToken);
      account.renewAt = halfOf(account.tokens);
    }
    if (account.messages >= MESSAGES_PER_CONVERSATION) {
      const full = account.conversationId;
      account.conversationId = await this.newConversation(account.userId);
      account.messages = 0;
      await inTransaction(this.dataSource, (manager) => manager.delete(Conversation, full));
    }
    account.messages++;
    return { token: account.tokens.accessToken, conversationId: account.conversationId };
  }

  /** The next message gets a new account. */
  async close(): Promise<void> {
    const { account } = this;
    this.account = undefined;
    if (!account) return;
    await inTransaction(this.dataSource, async (manager) => {
      await manager.delete(Conversation, { createdBy: account.userId });
      await manager.delete(User, account.userId);
    });
  }

  private async open(): Promise<Account> {
    await this.removeForsaken();
    const userId = uuidv7();
    const tokens = await inTransaction(this.dataSource, async (manager, announce) => {
      await manager.insert(User, {
        id: userId,
        username: `canary-${randomBytes(12).toString('hex')}`,
        passwordHash: NO_PASSWORD,
        displayName: 'canary',
        isInternal: true,
      });
      return (await this.sessions.open(manager, userId, { name: 'canary', openedFrom: null }, announce))
        .tokens;
    });
    const conversationId = await this.newConversation(userId);
    return { userId, tokens, renewAt: halfOf(tokens), conversationId, messages: 0 };
  }

  private async newConversation(userId: string): Promise<string> {
    const { conversation } = await this.conversations.create(userId, {
      type: 'group',
      title: 'canary',
      participantIds: [],
    });
    return conversation.id;
  }

  /** Served by `users_username_key` (collation "C") and `conversations_created_by_idx`. */
  private async removeForsaken(): Promise<void> {
    const forsaken = `u.is_internal and u.username like 'canary-%' and u.created_at < now() - interval '${FORSAKEN_AFTER}'`;
    await inTransaction(this.dataSource, async (manager) => {
      await manager.query(
        `delete from conversations c using users u
         where c.created_by = u.id and ${forsaken} and c.active_at < now() - interval '${FORSAKEN_AFTER}'`,
      );
      await manager.query(
        `delete from users u where ${forsaken} and not exists (select from conversations c where c.created_by = u.id)`,
      );
    });
  }
}

function halfOf(tokens: Tokens): number {
  return performance.now() + tokens.expiresIn * 500;
}
