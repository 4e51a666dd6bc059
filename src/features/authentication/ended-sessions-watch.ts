import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DatabaseMonitor } from '../../platform/database/database-monitor';
import { EventBus } from '../../platform/events/event-bus';
import { SharedEvents } from '../../platform/events/shared';
import { SessionEnded, type SessionEndReason } from './session-ended.event';

/** The watch misses a session whose transaction takes longer than this from the ending to its commit. */
const OVERLAP_SECONDS = 15;
/** How long an id is remembered, so that its session does not end twice; longer than the overlap. */
const REMEMBER_MS = 60_000;

/** Served by `sessions_ended_idx`. */
const ENDED_SINCE = `
  with ended as (
    select id, user_id from sessions
    where ended_at > coalesce($1::timestamptz, now()) - interval '${OVERLAP_SECONDS} seconds')
  select now() as "asOf", array(select id from ended) as ids,
    array(select ended.id from ended join users u on u.id = ended.user_id where u.disabled_at is not null) as disabled`;

interface EndedPayload {
  readonly sessionId: string;
  readonly reason: SessionEndReason;
}

interface Answer {
  readonly asOf: Date;
  readonly ids: readonly string[];
  /** The ended sessions whose account is disabled. */
  readonly disabled: readonly string[];
}

/**
 * Notices within a second that a command or another server ended sessions, and closes their sockets and streams here.
 * New requests need no notice, since each of them looks its session up.
 */
@Injectable()
export class EndedSessionsWatch implements OnModuleInit {
  /** The database's time of the last query. */
  private asOf: Date | null = null;
  /** Sessions that already ended here, with the time until which they are remembered. */
  private readonly known = new Map<string, number>();

  constructor(
    private readonly monitor: DatabaseMonitor,
    private readonly events: EventBus,
    private readonly shared: SharedEvents,
  ) {}

  onModuleInit(): void {
    this.shared.useCodec<SessionEnded, EndedPayload>(SessionEnded, {
      encode: ({ sessionId, reason }) => ({ sessionId, reason }),
      decode: (payloads) =>
        Promise.resolve(
          payloads.map(({ sessionId, reason }) => [new SessionEnded(sessionId, reason, false)]),
        ),
    });
    this.events.on(SessionEnded, ({ sessionId }) => this.remember(sessionId));
    this.monitor.addQuestion<Answer>({
      text: ENDED_SINCE,
      values: () => [this.asOf],
      answered: ([answer]) => answer && this.hear(answer),
    });
  }

  private hear({ asOf, ids, disabled }: Answer): void {
    this.asOf = asOf;
    const isDisabled = new Set(disabled);
    for (const id of ids) {
      if (this.known.has(id)) continue;
      const reason = isDisabled.has(id) ? 'account-disabled' : 'ended-elsewhere';
      void this.events.publish(new SessionEnded(id, reason, false));
    }
    this.forgetOld();
  }

  private remember(sessionId: string): void {
    this.known.delete(sessionId);
    this.known.set(sessionId, performance.now() + REMEMBER_MS);
  }

  /** A map keeps the order of insertion, which is the order of the times. */
  private forgetOld(): void {
    const now = performance.now();
    for (const [id, until] of this.known) {
      if (until > now) return;
      this.known.delete(id);
    }
  }
}
