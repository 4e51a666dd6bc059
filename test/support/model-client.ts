import type { Person } from './people';
import type { ReceivedEvent } from './test-socket';

/* eslint-disable @typescript-eslint/no-explicit-any -- the model holds what the server says, whatever it is */

export interface Position {
  seq: number;
  rev: number;
}

/** A conversation as its reader may compare it: read positions are personal and take no rev. */
export interface State {
  messages: any[];
  participants: any[];
  settings: any;
}

interface Placed {
  rev: number;
  view: any;
}

/**
 * A client that holds one conversation: a fresh read, live events in whatever order they come, steps of catching up.
 * It knows the position up to which it has everything.
 */
export class ModelClient {
  private readonly messages = new Map<number, any>();
  private readonly participants = new Map<string, Placed>();
  private settings: Placed;
  private readonly seenRevs = new Set<number>();
  private seq = 0;
  private rev = 0;

  private constructor(private readonly conversationId: string) {}

  /** Everything as it is now, page by page. Nobody must write meanwhile. */
  static async read(reader: Person, conversationId: string): Promise<ModelClient> {
    const model = new ModelClient(conversationId);
    const path = `/conversations/${conversationId}`;
    const { body: conversation } = await reader.call('GET', path);
    const { body: participants } = await reader.call('GET', `${path}/participants`);
    model.rev = conversation.lastRev;
    model.settings = { rev: model.rev, view: conversation };
    for (const view of participants.items) model.participants.set(view.userId, { rev: model.rev, view });
    for (let hasMore = true; hasMore;) {
      const { body } = await reader.call('GET', `${path}/messages?after=${model.seq}&limit=200`);
      body.items.forEach((message: any) => model.takeMessage(message));
      hasMore = body.hasMoreAfter;
    }
    return model;
  }

  get position(): Position {
    return { seq: this.seq, rev: this.rev };
  }

  get state(): State {
    const { title, description, updatedAt } = this.settings.view;
    const present = [...this.participants.values()]
      .map(({ view }) => view)
      .filter((view) => view.leftAt === null)
      .map((view) => ({ ...view, readSeq: 0 }));
    return {
      messages: [...this.messages.values()].sort((a, b) => a.seq - b.seq),
      participants: present.sort((a, b) => a.userId.localeCompare(b.userId)),
      settings: { title, description, updatedAt },
    };
  }

  apply({ event, payload }: ReceivedEvent): void {
    if (payload.conversationId !== this.conversationId) return;
    if (event.startsWith('message:')) this.takeMessage(payload);
    else if (event.startsWith('participant:')) this.takeParticipant(payload.rev, payload.participant);
    else if (event === 'conversation:updated' && payload.rev > this.settings.rev) {
      this.settings = { rev: payload.rev, view: payload.conversation };
    }
    if (payload.rev > 0) this.seenRevs.add(payload.rev);
    while (this.seenRevs.has(this.rev + 1)) this.rev++;
  }

  /** One step of catching up. */
  take(changes: any): void {
    changes.messages.forEach((message: any) => this.takeMessage(message));
    changes.participants.forEach((view: any) => this.takeParticipant(Infinity, view));
    if (changes.conversation) this.settings = { rev: changes.head.rev, view: changes.conversation };
    ({ seq: this.seq, rev: this.rev } = changes.cursor);
  }

  private takeMessage(message: any): void {
    const known = this.messages.get(message.seq);
    if (!known || known.rev <= message.rev) this.messages.set(message.seq, message);
    while (this.messages.has(this.seq + 1)) this.seq++;
  }

  private takeParticipant(rev: number, view: any): void {
    const known = this.participants.get(view.userId);
    if (!known || known.rev < rev) this.participants.set(view.userId, { rev, view });
  }
}
