import { Shared } from '../../platform/events/shared';
import { participantSchema, type ParticipantView } from '../membership/participant-view';
import { id, integer, record } from '../../platform/documents/schema';
import { sharedConversationSchema, type SharedConversationView } from './conversation-view';

const conversationId = id();
const rev = integer(0, { description: 'The position; 0 when the conversation is new.', example: 3 });

/** The payload of the events below, as clients receive it. */
export const conversationEventSchema = record('ConversationEvent', {
  conversationId,
  rev,
  conversation: sharedConversationSchema,
});
export const removedEventSchema = record('ConversationRemovedEvent', { conversationId });
export const participantEventSchema = record('ParticipantEvent', {
  conversationId,
  rev,
  participant: participantSchema,
});
export const readEventSchema = record('ReadEvent', {
  conversationId,
  userId: id(),
  seq: integer(0, { example: 7 }),
});

/** Users have a new conversation: it was created, they were added to it, or they opened it again after hiding it. */
@Shared({ kind: 'conversation-added', rights: 'given' })
export class ConversationAdded {
  constructor(
    readonly userIds: readonly string[],
    readonly rev: number,
    readonly conversation: SharedConversationView,
  ) {}
}

@Shared({ kind: 'conversation-changed' })
export class ConversationChanged {
  constructor(
    readonly rev: number,
    readonly conversation: SharedConversationView,
  ) {}
}

/** A user has hidden a direct conversation from their list. */
@Shared({ kind: 'conversation-hidden' })
export class ConversationHidden {
  constructor(
    readonly conversationId: string,
    readonly userId: string,
  ) {}
}

/** The conversation was deleted for all participants. */
@Shared({ kind: 'conversation-deleted', rights: 'taken' })
export class ConversationDeleted {
  constructor(readonly conversationId: string) {}
}

@Shared({ kind: 'participant-changed' })
export class ParticipantChanged {
  constructor(
    readonly kind: 'joined' | 'updated',
    readonly conversationId: string,
    readonly rev: number,
    readonly participant: ParticipantView,
  ) {}
}

/** A participant left or was removed, and receives no further events. */
@Shared({ kind: 'participant-left', rights: 'taken' })
export class ParticipantLeft {
  constructor(
    readonly conversationId: string,
    readonly rev: number,
    readonly participant: ParticipantView,
  ) {}
}

/** A read position has moved. */
@Shared({ kind: 'read-position-changed' })
export class ReadPositionChanged {
  constructor(
    readonly conversationId: string,
    readonly userId: string,
    readonly seq: number,
    /** False in large groups and while a block stands: then only the user's own devices get the event. */
    readonly isShared: boolean,
  ) {}
}
