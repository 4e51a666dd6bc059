import type { ConversationView } from '../conversations/conversation-view';
import type { MessageView } from '../messages/message-view';
import type { Cursor } from '../messages/messages.queries';
import type { PlacedParticipant } from '../participation/participant-view';
import type { Changes } from './catch-up.dto';
import type { Head } from './catch-up.queries';

export interface Ingredients {
  readonly cursor: Cursor;
  readonly head: Head;
  /** The conversation, when its title or description changed above the cursor's `rev`. */
  readonly view: ConversationView | undefined;
  readonly epoch: number;
  /** At most this many things in one answer. Each list below has one more when there are more. */
  readonly limit: number;
  /** Above the cursor's `seq`, ascending. */
  readonly created: readonly MessageView[];
  /** At or below the cursor's `seq` and changed above its `rev`, in `rev` order. */
  readonly changed: readonly MessageView[];
  /** Changed above the cursor's `rev`, in `rev` order. */
  readonly participants: readonly PlacedParticipant[];
}

/**
 * One step of catching up. New messages come first, and as they are now; the cursor's `rev` stays where it was until
 * all of them are told. Then come the changes in `rev` order, as many as fit. So whatever a cursor says that a client
 * has, it has: a step that is repeated, or read from a later snapshot, at most tells something twice.
 */
export function assembleChanges(input: Ingredients): Changes {
  const { cursor, view, epoch, limit } = input;
  const { settingsRev, ...head } = input.head;
  const created = input.created.slice(0, limit);
  const toldAllNew = input.created.length <= limit;
  const room = toldAllNew ? limit - created.length : 0;

  // Sorting by rev makes the three kinds of change one list, of which the beginning is complete.
  const pending = [
    ...input.changed.map((message) => ({ rev: message.rev, message })),
    ...input.participants.map((participant) => ({ rev: participant.rev, participant })),
    ...(view ? [{ rev: settingsRev, isSettings: true as const }] : []),
  ].sort((a, b) => a.rev - b.rev);
  const told = pending.slice(0, room);
  const toldAll = toldAllNew && told.length === pending.length;

  const changed = told.flatMap((entry) => ('message' in entry ? [entry.message] : []));
  return {
    messages: [...changed.sort((a, b) => a.seq - b.seq), ...created],
    participants: told.flatMap((entry) => ('participant' in entry ? [entry.participant.view] : [])),
    conversation: view && told.some((entry) => 'isSettings' in entry) ? view : null,
    head,
    cursor: {
      seq: created.at(-1)?.seq ?? cursor.seq,
      rev: toldAll ? head.rev : (told.at(-1)?.rev ?? cursor.rev),
    },
    epoch,
    complete: toldAll,
  };
}
