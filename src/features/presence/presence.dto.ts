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

/** The most users on one socket's watch list. */
export const MAX_WATCHED = 500;

const LIVE_STATUSES = ['online', 'away'] as const;
const STATUSES = [...LIVE_STATUSES, 'offline'] as const;
const LAST_SEEN_TO = ['contacts', 'nobody'] as const;

/** The status that a socket reports for its user. */
export type LiveStatus = (typeof LIVE_STATUSES)[number];
export type PresenceStatus = (typeof STATUSES)[number];

export class WatchPresenceCommandDto {
  @About(
    'The users whom the socket watches from now on, instead of earlier ones. An empty list ends watching.',
  )
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

/** Fields that are absent keep their values. */
export class UpdatePresenceSettingsDto {
  @About('True: the user looks offline to everybody, and nobody sees them typing.', true)
  @Optional()
  @IsFlag()
  invisible?: boolean;

  @About(
    'The people who see when the user was last online. With `nobody`, the user does not see it of others either.',
    'nobody',
  )
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
        'When an offline user was last online. Null for a user who is not offline, was never online, or hides it.',
      ),
    ),
  },
  'The status of a user. Users whom the caller may not see are `offline` without `lastSeenAt`.',
);
export type PresenceView = Of<typeof presenceSchema>;

export const presencesSchema = record('Presences', {
  presences: list(presenceSchema, { maximum: MAX_WATCHED }),
});
export type PresencesView = Of<typeof presencesSchema>;

export const ownPresenceSchema = record('OwnPresence', { status: oneOf(LIVE_STATUSES) });
export type OwnPresenceView = Of<typeof ownPresenceSchema>;

/** An acknowledgement without further data. */
export const doneSchema = record('Done', {});
export type DoneView = Of<typeof doneSchema>;

export const typingEventSchema = record('TypingEvent', {
  conversationId: id(),
  userId: id(),
  typing: flag('False: the user stopped typing. True ends by itself after 6 s unless it is repeated.'),
});

export const presenceSettingsSchema = record(
  'PresenceSettings',
  {
    invisible: flag('The user looks offline to everybody, and nobody sees them typing.'),
    lastSeen: oneOf(LAST_SEEN_TO, 'The people who see when the user was last online.'),
  },
  'How much of their presence a user lets others see.',
);
export type PresenceSettingsView = Of<typeof presenceSettingsSchema>;
