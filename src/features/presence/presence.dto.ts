import { About } from '../../platform/documents/field-schema';
import { flag, id, list, oneOf, record, time, usuallyNull, type Of } from '../../platform/documents/schema';
import {
  IsFlag,
  IsId,
  IsListOfIds,
  IsOneOf,
  IsOptionalChoice,
  Optional,
} from '../../platform/validation/field-rules';

/** How many people one socket watches. */
export const MAX_WATCHED = 500;

const LIVE_STATUSES = ['online', 'away'] as const;
const STATUSES = [...LIVE_STATUSES, 'offline'] as const;
const LAST_SEEN_TO = ['contacts', 'nobody'] as const;

/** What a socket of a person says about them. */
export type LiveStatus = (typeof LIVE_STATUSES)[number];
export type PresenceStatus = (typeof STATUSES)[number];

export class WatchPresenceCommandDto {
  @About('Those whom the socket watches from now on, and nobody else. An empty list ends it.')
  @IsListOfIds(MAX_WATCHED)
  userIds: string[];
}

export class SetPresenceCommandDto {
  @About('`away` when nobody is at the device, `online` when somebody is again.', 'away')
  @IsOneOf(LIVE_STATUSES)
  status: LiveStatus;
}

export class TypingCommandDto {
  @IsId()
  conversationId: string;
}

/** What is left out stays. */
export class UpdatePresenceSettingsDto {
  @About('True: one looks offline to everybody, and is not seen typing.', true)
  @Optional()
  @IsFlag()
  invisible?: boolean;

  @About('Who is told when one was last online. `nobody`: one is not told of anybody else either.', 'nobody')
  @IsOptionalChoice(LAST_SEEN_TO)
  lastSeen?: (typeof LAST_SEEN_TO)[number];
}

export const presenceSchema = record(
  'Presence',
  {
    userId: id(),
    status: oneOf(STATUSES),
    lastSeenAt: usuallyNull(
      time(
        'When the person was last online, of who is offline; null for who was never seen, or does not say.',
      ),
    ),
  },
  'Whether somebody is there. People whom one may not see are `offline` without `lastSeenAt`.',
);
export type PresenceView = Of<typeof presenceSchema>;

export const presencesSchema = record('Presences', {
  presences: list(presenceSchema, { maximum: MAX_WATCHED }),
});
export type PresencesView = Of<typeof presencesSchema>;

export const ownPresenceSchema = record('OwnPresence', { status: oneOf(LIVE_STATUSES) });
export type OwnPresenceView = Of<typeof ownPresenceSchema>;

/** An acknowledgement that says no more than that it was done. */
export const doneSchema = record('Done', {});
export type DoneView = Of<typeof doneSchema>;

export const typingEventSchema = record('TypingEvent', {
  conversationId: id(),
  userId: id(),
  typing: flag('False: not any more. True ends by itself after 6 s unless it is said again.'),
});

export const presenceSettingsSchema = record(
  'PresenceSettings',
  {
    invisible: flag('One looks offline to everybody, and is not seen typing.'),
    lastSeen: oneOf(LAST_SEEN_TO, 'Who is told when one was last online.'),
  },
  'What a person lets others see of their presence.',
);
export type PresenceSettingsView = Of<typeof presenceSettingsSchema>;
