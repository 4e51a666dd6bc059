import type { ConversationView } from '../conversations/conversation-view';
import type { MessageView } from '../messages/message-view';
import type { Cursor } from '../messages/messages.queries';
import type { PlacedParticipant } from '../membership/participant-view';
import type { Changes } from './catch-up.dto';
import type { ParticipantView } from '../membership/participant-view';
import type { Head } from './catch-up.queries';

export interface Ingredients {
  readonly cursor: Cursor;
  readonly head: Head;
  /** The conversation, when its title or description changed above the cursor's `rev`, or when `everybody` is set. */
  readonly view: ConversationView | undefined;
  readonly epoch: number;
  /** At most this many items in one answer. Each list below has one more when there are more. */
  readonly limit: number;
  /** Above the cursor's `seq`, ascending. */
  readonly created: readonly MessageView[];
  /** Messages at or below the cursor's `seq` that changed above its `rev`, in `rev` order. */
  readonly changed: readonly MessageView[];
  /** Participants that changed above the cursor's `rev`, in `rev` order. */
  readonly participants: readonly PlacedParticipant[];
  /** All participants, for a client that starts from nothing. */
  readonly everybody?: readonly ParticipantView[];
}

/**
 * Assembles one step of catching up. New messages come first, in their current state. Until the client has all of
 * them, the cursor's `rev` stays. Then come the changes in `rev` order, as many as fit. So a client always has everything
 * up to its cursor. The worst effect of a repeated step, or of one from a later snapshot, is a second copy.
 *
 * The first step from nothing also brings the conversation and all participants, beyond the limit. The first
 * participants have no `rev`, so no later step would bring them.
 */
export function assembleChanges(input: Ingredients): Changes {
  const { cursor, view, epoch, limit, everybody = [] } = input;
  const { settingsRev, own, seq, rev } = input.head;
  const head = { seq, rev };
  const created = input.created.slice(0, limit);
  const toldAllNew = input.created.length <= limit;
  const room = toldAllNew ? limit - created.length : 0;

  // Sorting by `rev` merges the three kinds of change into one list, whose beginning is complete.
  const pending = [
    ...input.changed.map((message) => ({ rev: message.rev, message })),
    ...input.participants.map((participant) => ({ rev: participant.rev, participant })),
    ...(view && settingsRev > cursor.rev ? [{ rev: settingsRev, isSettings: true as const }] : []),
  ].sort((a, b) => a.rev - b.rev);
  const told = pending.slice(0, room);
  const toldAll = toldAllNew && told.length === pending.length;

  const present = new Set(everybody.map(({ userId }) => userId));
  const changed = told.flatMap((entry) => ('message' in entry ? [entry.message] : []));
  return {
    messages: [...changed.sort((a, b) => a.seq - b.seq), ...created],
    participants: [
      ...everybody,
      ...told
        .flatMap((entry) => ('participant' in entry ? [entry.participant.view] : []))
        .filter(({ userId }) => !present.has(userId)),
    ],
    conversation: view && (input.everybody || told.some((entry) => 'isSettings' in entry)) ? view : null,
    head,
    cursor: {
      seq: created.at(-1)?.seq ?? cursor.seq,
      rev: toldAll ? head.rev : (told.at(-1)?.rev ?? cursor.rev),
    },
    epoch,
    complete: toldAll,
    own,
  };
}
