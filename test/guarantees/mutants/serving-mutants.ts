import { BRIEF, unit, within, type Mutant } from './mutant';

const SERVICE = 'src/features/messages/messages.service.ts';
const CONNECTIONS = 'src/delivery/sockets/sockets.gateway.ts';

/** Mistakes in access, in catch-up, and in the behaviour during faults. */
export const SERVING_MUTANTS: readonly Mutant[] = [
  {
    name: 'ask a cache who participates',
    caughtBy: BRIEF,
    patches: [
      {
        file: 'src/migrations/1764000000083-list-positions.ts',
        find: `when p.user_id is null or c.id is null then`,
        replace: `when c.id is null then`,
      },
      {
        file: SERVICE,
        find: `@Injectable()
export class`,
        replace: `const members = new Set<string>();
@Injectable()
export class`,
      },
      {
        file: SERVICE,
        find: `    return this.allMentions.charge(`,
        replace: `    const key = userId + conversationId;
    if (!members.has(key)) await accessConversation(this.dataSource.manager, userId, conversationId);
    members.add(key);
    return this.allMentions.charge(`,
      },
    ],
  },
  {
    name: 'join rooms without participating',
    caughtBy: BRIEF,
    patches: [
      {
        file: 'src/delivery/sockets/entitlements.ts',
        find: `where p.user_id = $1 and p.left_at is null and c.deleted_at is null`,
        replace: `where $1::uuid is not null and c.deleted_at is null`,
      },
    ],
  },
  {
    name: 'stay in the room after a removal',
    caughtBy: BRIEF,
    patches: [
      {
        file: 'src/platform/sockets/rooms.ts',
        find: `    for (const life of this.livesIn(userRoom(userId))) this.machine.handle(life, 'room-revoked', { room });`,
        replace: '',
      },
    ],
  },
  {
    name: 'swallow errors and acknowledge',
    caughtBy: BRIEF,
    patches: [
      {
        file: 'src/platform/sockets/command-middleware.ts',
        find: `  return { ok: false, problem: problem.toDocument(event, requestId) };`,
        replace: `  return { ok: true, data: { event, requestId } };`,
      },
    ],
  },
  {
    name: 'catch up on new messages only',
    caughtBy: BRIEF,
    patches: [
      {
        file: 'src/features/catch-up/catch-up.service.ts',
        find: `behind.map((cursor) => ({ ...cursor, blockedRev: headOf(cursor).blockedRev })),
      limit + 1,`,
        replace: `[],
      limit + 1,`,
      },
    ],
  },
  {
    name: 'let liveness look at the database',
    caughtBy: within('outage', 'the server reports refused connections'),
    patches: [
      {
        file: 'src/observability/health/health.service.ts',
        find: `return this.check([() => this.process()]);`,
        replace: `return this.check([() => this.process(), () => this.database()]);`,
      },
    ],
  },
  {
    name: 'wait for the database without a limit',
    caughtBy: unit('platform/database/deadline-client', 'gets what is left of the time of its request'),
    patches: [
      {
        file: 'src/platform/database/deadline-client.ts',
        find: `timeout === undefined ? config : { ...config, query_timeout: Math.ceil(timeout) };`,
        replace: `timeout === undefined ? config : { ...config };`,
      },
    ],
  },
  {
    name: 'close the sockets first at SIGTERM',
    caughtBy: within('drain', 'finishes open work'),
    patches: [
      {
        file: 'src/drain.ts',
        find: `  work.startDraining();`,
        replace: `  work.startDraining();
  await connections.closeAll();`,
      },
    ],
  },
  {
    name: 'leave origins to CORS',
    caughtBy: within('sockets', 'is accepted for pages of the own origin'),
    patches: [
      {
        file: 'src/platform/sockets/socket-adapter.ts',
        find: `decide(isAllowed ? null : 'forbidden', isAllowed);`,
        replace: `decide(null, true);`,
      },
    ],
  },
  {
    name: 'throw in handleConnection',
    caughtBy: within('sockets', 'ends without the room of a conversation that removes the user meanwhile'),
    patches: [
      {
        file: CONNECTIONS,
        find: `  handleConnection(socket: Socket): void {
    const life`,
        replace: `  handleConnection(socket: Socket): void {
    if (lifeOf(socket).arrival?.changes.size) throw new Error('nobody foresaw this');
    const life`,
      },
    ],
  },
];
