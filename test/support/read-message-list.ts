import type { ConversationEvent, Message, Participant } from '../../client/src/index';
import { MessageList } from '../../client/src/message-list';
import type { Person } from './people';
import type { ReceivedEvent } from './test-socket';

/** The state of a conversation for comparing clients. It has no read positions, because these are personal and take no `rev`. */
export interface State {
  readonly messages: readonly Message[];
  readonly participants: readonly Participant[];
  readonly settings: object;
}

/** Reads the whole conversation page by page. Nobody must write meanwhile. */
export async function readMessageList(
  reader: Person,
  conversationId: string,
  epoch = 1,
): Promise<MessageList> {
  const timeline = new MessageList(conversationId, reader.id);
  const path = `/conversations/${conversationId}`;
  const { body: view } = await reader.call('GET', path);
  timeline.begin(epoch, view);
  timeline.takeParticipants(view.lastRev, (await reader.call('GET', `${path}/participants`)).body.items);
  while (timeline.hasOlder) {
    const { body: page } = await reader.call(
      'GET',
      `${path}/messages?before=${timeline.oldestSeq}&limit=200`,
    );
    timeline.takeOlder(page);
  }
  return timeline;
}

/** Applies a received event. Events of other conversations are ignored. */
export function applyTo(timeline: MessageList, { event, payload }: ReceivedEvent): void {
  if (payload.conversationId === timeline.conversationId)
    timeline.apply({ name: event, payload } as ConversationEvent);
}

export function stateOf(timeline: MessageList): State {
  const { title, description, updatedAt } = timeline.details!;
  const present = timeline.participants.map((view) => ({ ...view, readSeq: 0 }));
  return {
    messages: timeline.messages,
    participants: present.sort((a, b) => a.userId.localeCompare(b.userId)),
    settings: { title, description, updatedAt },
  };
}
