import type { EventDocuments } from '../../platform/documents/documented';
import { id, integer, oneOf, record, time } from '../../platform/documents/schema';
import { SESSION_END_REASONS } from '../../features/authentication/session-ended.event';
import {
  DATABASE_BUSY,
  DRAINING,
  INTERNAL,
  MALFORMED_REQUEST,
  RATE_LIMITED,
  SCHEMA_MISMATCH,
  SESSION_REVOKED,
  TEMPORARILY_UNAVAILABLE,
  TOKEN_EXPIRED,
  UNAUTHENTICATED,
} from '../../platform/problems/general-problems';

/** The events about a socket's connection. */
export const CONNECTION_EVENTS: EventDocuments = {
  ready: {
    summary: 'The socket is in its rooms: from now on it misses no event.',
    payload: record('ReadyEvent', {
      userId: id(),
      sessionId: id(),
      epoch: integer(0, {
        description: 'Numbers of another epoch do not count: start again from 0.',
        example: 1,
      }),
      serverTime: time(),
    }),
  },
  connect_error: {
    summary: 'The handshake was refused; this is `data` of the error.',
    problems: [
      MALFORMED_REQUEST,
      UNAUTHENTICATED,
      TOKEN_EXPIRED,
      SESSION_REVOKED,
      RATE_LIMITED,
      INTERNAL,
      TEMPORARILY_UNAVAILABLE,
      DATABASE_BUSY,
      SCHEMA_MISMATCH,
      DRAINING,
    ],
  },
  'session:revoked': {
    summary: 'The session has ended; the socket is closed.',
    payload: record('SessionRevokedEvent', { reason: oneOf(SESSION_END_REASONS) }),
  },
  'session:expired': {
    summary: 'The access token expired and was not refreshed; the socket is closed.',
    payload: record('SessionExpiredEvent', { reason: oneOf(['token-expired']) }),
  },
  'server:draining': {
    summary: 'The server is about to stop.',
    payload: record('ServerDrainingEvent', {
      reconnectInMs: integer(0, {
        description: 'Milliseconds after which to reconnect; different for each socket.',
        example: 1_500,
      }),
    }),
  },
  'server:status': {
    summary: 'The state of the server changed, or is not `ok` when the socket is ready.',
    payload: record('ServerStatusEvent', { status: oneOf(['ok', 'degraded', 'maintenance']) }),
  },
};
