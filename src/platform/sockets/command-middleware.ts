import { randomUUID } from 'node:crypto';
import type { Socket } from 'socket.io';
import type { WorkInFlight } from '../lifecycle/work-in-flight';
import { describeError, type StructuredLogger } from '../logging/structured-logger';
import type { Metrics } from '../metrics/metrics';
import { logProblem } from '../problems/problem.filter';
import {
  DATABASE_BUSY,
  DRAINING,
  MALFORMED_REQUEST,
  OUTCOME_UNKNOWN,
  TEMPORARILY_UNAVAILABLE,
} from '../problems/general-problems';
import { invalidField, Problem, type ProblemDocument } from '../problems/problem';
import { toProblem } from '../problems/to-problem';
import { identifiersOf, runInContext, type RequestContext } from '../request-context';
import type { Ending, TraceParent } from '../tracing/span';
import type { Tracing } from '../tracing/tracing';
import type { EventRelay } from '../servers/event-relay';
import { JSON_BOUNDS } from '../validation/json-bounds';
import { OVERSIZED } from './bounded-parser';
import type { DirectCommands } from './direct-commands';
import { identityOf } from './socket-identity';

export type Acknowledgement = { ok: true; data: object } | { ok: false; problem: ProblemDocument };
type Packet = [event: unknown, ...rest: unknown[]];

/** The trace that the handshake named. Commands cannot name one, since the API fixes their payload. */
const traceParentOf = (socket: Socket): TraceParent | undefined =>
  (socket.data as { traceParent?: TraceParent }).traceParent;

const COMMAND = /^[a-z]+(-[a-z]+)*:[a-z]+$/;

/**
 * Nest listens on every socket for the commands that the gateways declare. The client sends the name, and Socket.IO
 * accepts any number as a name, and in a crafted packet a missing name.
 */
function isCommand(socket: Socket, event: unknown): event is string {
  return typeof event === 'string' && COMMAND.test(event) && socket.listenerCount(event) > 0;
}

/** The answer to a command whose handler throws. */
export function rejection(
  error: unknown,
  event: string,
  requestId: string,
  logger: StructuredLogger,
): Acknowledgement {
  const problem = toProblem(error);
  logProblem(logger, problem);
  return { ok: false, problem: problem.toDocument(event, requestId) };
}

/** The attributes of the span of a command or handshake. */
export function endingOf(requestId: string, problem: { code: string; status: number } | undefined): Ending {
  return {
    attributes: { 'xfchat.request_id': requestId, 'xfchat.outcome': problem?.code ?? 'ok' },
    error: problem && problem.status >= 500 ? problem.code : undefined,
  };
}

/**
 * Runs around every socket command, as `requestMiddleware` does for HTTP. It adds the id, deadline, log line,
 * metrics and span, and counts the command as work in flight. It also ensures that each command is acknowledged
 * exactly once.
 */
export function commandMiddleware(dependencies: {
  timeoutMs: number;
  work: WorkInFlight;
  metrics: Metrics;
  tracing: Tracing;
  logger: StructuredLogger;
  relay: Pick<EventRelay, 'isLive' | 'whenLive'>;
  direct: DirectCommands;
  admit: (socket: Socket) => void;
}): (socket: Socket, packet: Packet, next: () => void) => void {
  const { timeoutMs, work, metrics, tracing, logger, relay, direct, admit } = dependencies;
  return (socket, packet, next) => {
    const started = performance.now();
    const identity = identityOf(socket);
    const event = packet[0];
    const handler = typeof event === 'string' ? direct.handlerOf(event) : undefined;
    const isKnown = handler !== undefined || isCommand(socket, event);
    const label = isKnown ? (event as string) : 'unknown';
    const parent = traceParentOf(socket);
    const span = tracing.begin(label, parent);
    const context: RequestContext = {
      requestId: randomUUID(),
      deadline: started + timeoutMs,
      operation: label,
      userId: identity.userId,
      traceId: parent?.traceId,
      span,
    };
    const last = packet.at(-1);
    const acknowledge = typeof last === 'function' ? (last as (answer: Acknowledgement) => void) : undefined;
    const end = work.begin();

    let answered = false;
    const answer = (acknowledgement: Acknowledgement): void => {
      if (answered) return;
      answered = true;
      clearTimeout(timer);
      end();
      const durationMs = performance.now() - started;
      const outcome = acknowledgement.ok ? 'ok' : acknowledgement.problem.code;
      metrics.socketCommands.inc({ event: label, outcome });
      if (!acknowledgement.ok) metrics.problems.inc({ transport: 'socket', code: outcome });
      metrics.socketSeconds.observe({ event: label }, durationMs / 1_000);
      span?.end(endingOf(context.requestId, acknowledgement.ok ? undefined : acknowledgement.problem));
      logger.event('info', 'command', {
        ...identifiersOf(context),
        event: label,
        outcome,
        durationMs: Math.round(durationMs * 10) / 10,
        userId: identity.userId,
      });
      try {
        acknowledge?.(acknowledgement);
      } catch (error) {
        logger.event('error', 'an acknowledgement could not be sent', {
          ...identifiersOf(context),
          error: describeError(error as Error),
        });
      }
    };
    const refuse = (problem: Problem): void =>
      answer({ ok: false, problem: problem.toDocument(label, context.requestId) });
    const timer = setTimeout(
      () => refuse(new Problem(context.writePending ? OUTCOME_UNKNOWN : DATABASE_BUSY)),
      timeoutMs,
    );

    runInContext(context, () => {
      try {
        const payload = acknowledge ? packet.slice(1, -1) : packet.slice(1);
        // Charges the budget first, also for unknown and malformed commands.
        admit(socket);
        if (!isKnown) throw new Problem(MALFORMED_REQUEST, { detail: 'unknown command' });
        if (payload[0] === OVERSIZED) throw invalidField('', JSON_BOUNDS);
        if (payload.length > 1)
          throw new Problem(MALFORMED_REQUEST, { detail: 'a command takes one object' });
        if (work.isClosed) throw new Problem(DRAINING);
        const run = (): void => {
          if (handler) {
            handler(identity, payload[0] ?? {}).then(
              (data) => answer({ ok: true, data }),
              (error: unknown) => answer(rejection(error, label, context.requestId, logger)),
            );
            return;
          }
          packet.splice(1, packet.length, payload[0] ?? {}, answer);
          next();
        };
        // A server without a live lease may not know yet that the session of this socket has ended.
        if (relay.isLive) run();
        else
          void relay.whenLive(timeoutMs).then((isLive) => {
            if (isLive && socket.connected) run();
            else refuse(new Problem(TEMPORARILY_UNAVAILABLE));
          });
      } catch (error) {
        refuse(toProblem(error));
      }
    });
  };
}
