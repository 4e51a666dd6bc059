import { BRIEF, proof, within, type Mutant, type Patch } from './mutant';

const APPEND = 'src/migrations/1764000000083-list-positions.ts';
const QUERIES = 'src/features/messages/append-messages.queries.ts';
const WRITER = 'src/features/messages/message-writer.ts';
const SERVICE = 'src/features/messages/messages.service.ts';

const lockNothing: Patch = {
  file: APPEND,
  find: `        perform from conversations c
          where c.id = any (conversation_ids)
          order by c.id
          for no key update;
`,
  replace: '',
};

/** Mistakes in storing messages: durability, numbers, repeated sends. */
export const STORING_MUTANTS: readonly Mutant[] = [
  {
    name: 'acknowledge before the commit',
    caughtBy: BRIEF,
    patches: [
      {
        file: QUERIES,
        find: `const rows = await asWrite(() => appendRows(manager, commands, columns, serverId));`,
        replace: `const runner = manager.dataSource.createQueryRunner();
  await runner.connect();
  await runner.startTransaction();
  const rows = await asWrite(() => appendRows(runner.manager, commands, columns, serverId));`,
      },
      {
        file: QUERIES,
        find: `  const results = rows.map(`,
        replace: `  setTimeout(() => void runner.commitTransaction().finally(() => runner.release()), 150);
  const results = rows.map(`,
      },
    ],
  },
  {
    name: 'broadcast before the commit',
    caughtBy: within('concurrency', 'only when it is committed'),
    patches: [
      {
        file: WRITER,
        find: `return await inBatchContext(batch, span, () => this.storeOnce(commands, serverId));`,
        replace: `return await inBatchContext(batch, span, async () => {
          const runner = this.dataSource.createQueryRunner();
          await runner.connect();
          await runner.startTransaction();
          try {
            const stored = await appendMessages(runner.manager, commands);
            for (const result of stored.results)
              if ('row' in result && result.outcome === 'created')
                await this.relay.announceMessages([new MessageCreated(messageView(result.row))], undefined);
            await new Promise((resolve) => setTimeout(resolve, 150));
            await runner.commitTransaction();
            return stored;
          } catch (error) {
            await runner.rollbackTransaction().catch(() => undefined);
            throw error;
          } finally {
            await runner.release();
          }
        });`,
      },
      {
        file: WRITER,
        find: `await this.relay.announceMessages(created, logged);`,
        replace: '',
      },
    ],
  },
  {
    name: 'number without the lock',
    caughtBy: proof('many-senders', 'three processes'),
    patches: [lockNothing],
  },
  {
    name: 'check without the lock',
    caughtBy: proof('held-lock', 'store nothing of somebody'),
    patches: [lockNothing],
  },
  {
    name: 'a repeated send takes a number',
    caughtBy: proof('many-senders', 'by socket and HTTP'),
    patches: [
      {
        file: APPEND,
        find: `set last_seq = fresh.last_seq, active_at`,
        replace: `set last_seq = fresh.last_seq + (
            select count(*) from ranked r where r.conversation_id = c.id and r.is_stored), active_at`,
      },
    ],
  },
  {
    name: 'recognise repeated sends in memory only',
    caughtBy: BRIEF,
    patches: [
      {
        file: APPEND,
        find: `when m.sender_id is distinct from j.sender_id or m.conversation_id <> j.conversation_id`,
        replace: `when true`,
      },
      {
        file: SERVICE,
        find: `@Injectable()
export class`,
        replace: `const sent = new Map<string, Promise<StoredMessage>>();
@Injectable()
export class`,
      },
      {
        file: SERVICE,
        find: `    return this.allMentions.charge(userId, input.body, () =>
      this.writer.append({
        id: input.id ?? uuidv7(),`,
        replace: `    const id = input.id ?? uuidv7();
    const key = [userId, conversationId, id, input.body].join(' ');
    const known = sent.get(key);
    if (known) return { ...(await known), isNew: false };
    const sending = this.allMentions.charge(userId, input.body, () =>
      this.writer.append({
        id,`,
      },
      {
        file: SERVICE,
        find: `        attachmentIds,
      }),
    );`,
        replace: `        attachmentIds,
      }),
    );
    sent.set(key, sending);
    sending.catch(() => sent.delete(key));
    return sending;`,
      },
    ],
  },
  {
    name: 'try again under another id',
    caughtBy: within('outage', 'lost after its commit'),
    patches: [
      {
        file: WRITER,
        find: `import { DatabaseCircuit,`,
        replace: `import { isConnectionLost } from '../../platform/database/database-problem';
import { DatabaseCircuit,`,
      },
      {
        file: WRITER,
        find: `        const failure =`,
        replace: `        if (isConnectionLost(error) && attempt < MAX_ATTEMPTS) {
          commands.forEach((command, index) => (commands[index] = { ...command, id: crypto.randomUUID() }));
          await new Promise((resolve) => setTimeout(resolve, 800));
          continue;
        }
        const failure =`,
      },
    ],
  },
  {
    name: 'commit without waiting for the disk',
    caughtBy: proof('database-killed'),
    patches: [
      {
        file: 'src/platform/database/session-settings.ts',
        find: `jit: 'off',`,
        replace: `jit: 'off', synchronous_commit: 'off',`,
      },
    ],
  },
  {
    name: 'keep messages in an unlogged table',
    caughtBy: proof('database-killed'),
    patches: [
      ['1764000000000-initial-schema', 'chat_messages'],
      ['1764000000000-initial-schema', 'message_versions'],
      ['1764000000030-legacy-import', 'legacy_message_origins'], // it refers to them
    ].map(([migration, table]) => ({
      file: `src/migrations/${migration}.ts`,
      find: `create table ${table} (`,
      replace: `create unlogged table ${table} (`,
    })),
  },
  {
    name: 'accept a database with synchronous_commit off',
    caughtBy: within('start', 'accepts in production only a database with durable commits'),
    patches: [
      {
        file: 'src/platform/database/verify-database.ts',
        find: `(['fsync', 'full_page_writes', 'synchronous_commit'] as const)`,
        replace: `(['fsync', 'full_page_writes'] as const)`,
      },
    ],
  },
  {
    name: 'never tell another epoch',
    caughtBy: proof('restored-database'),
    patches: [
      {
        file: 'src/delivery/sockets/entitlements.ts',
        find: `select s.epoch, array(`,
        replace: `select 1 as epoch, array(`,
      },
      {
        file: 'src/features/catch-up/catch-up.queries.ts',
        find: `select s.epoch, own.*`,
        replace: `select 1 as epoch, own.*`,
      },
    ],
  },
  {
    name: 'edit whatever is current, whatever the author saw',
    caughtBy: BRIEF,
    patches: [
      {
        file: 'src/features/messages/message-edits.ts',
        find: `if (row.deleted_at || !isBasedOnCurrent(row, edit.parents)) throw conflict(row);`,
        replace: `if (row.deleted_at || !isBasedOnCurrent(row, undefined)) throw conflict(row);`,
      },
    ],
  },
];
