import type { Person } from '../../support/people';
import type { Command, Device, Outcome } from '../driver/device';
import { HttpDevice } from '../driver/http-device';
import type { Message } from '../history/history';
import type { Random } from '../../support/random';
import { untilKnown, type Group } from './group';

/**
 * A user who sends, repeats earlier sends, edits (sometimes from an outdated version) and
 * deletes. An attempt without an answer is repeated with the same ids, over the other transport.
 */
export class Writer {
  private readonly random: Random;
  private readonly devices: [Device, Device];
  private readonly process: string;
  private count = 0;
  /** These actions run once, in this order, before random ones, so that a test gets a rejection of each kind. */
  private readonly first = [
    () => this.edit(this.own[0]!),
    () => this.edit(this.own[0]!, true),
    () => this.again(this.own[0]!, true),
  ];
  /** The own messages as last received, and their bodies as first sent. */
  private readonly own: { sent: string; message: Message }[] = [];

  constructor(
    private readonly group: Group,
    person: Person,
    socket: Device,
  ) {
    this.random = group.random.fork(`writer ${group.people.indexOf(person)}`);
    this.process = `${person.username}/writer`;
    const http = new HttpDevice(group.urlOf(person), person);
    this.devices = this.random.chance(0.5) ? [socket, http] : [http, socket];
  }

  async writeUntil(isOver: () => boolean, pauseMs = 60): Promise<void> {
    while (!isOver()) {
      await this.writeOnce();
      await new Promise((resolve) => setTimeout(resolve, this.random.between(0, pauseMs)));
    }
  }

  private async writeOnce(): Promise<void> {
    const first = this.own.length > 0 ? this.first.shift() : undefined;
    if (first) return first();
    const dice = this.random.next();
    if (dice < 0.6 || this.own.length === 0) return this.send();
    const known = this.random.pick(this.own);
    if (dice < 0.72) await this.again(known);
    else if (dice < 0.94) await this.edit(known);
    else await this.delete(known);
  }

  private async send(): Promise<void> {
    const id = this.random.uuid();
    const body = `${this.process} writes ${this.count++}: naïve, nai\u0308ve, 🙂`;
    const outcome = await this.persist({ op: 'send', id, body });
    if (outcome.type === 'ok') this.own.push({ sent: body, message: outcome.value as Message });
  }

  /** Repeats an acknowledged send over the other transport, or with another body, which must be rejected. */
  private async again(
    { sent, message: { id } }: { sent: string; message: Message },
    isOther = this.random.chance(0.15),
  ): Promise<void> {
    const body = isOther ? `${sent}, or not` : sent;
    await this.persist({ op: 'send', id, body }, 1);
  }

  private async edit(known: { message: Message }, wantsStale = this.random.chance(0.2)): Promise<void> {
    const isStale = wantsStale && known.message.parents.length > 0;
    const { id, version, parents } = known.message;
    const outcome = await this.persist({
      op: 'edit',
      messageId: id,
      version: this.random.uuid(),
      parents: isStale ? parents : [version],
      body: `${this.process} changes ${this.count++}`,
    });
    if (outcome.type === 'ok') known.message = outcome.value as Message;
    else if (outcome.value.current) known.message = outcome.value.current as Message;
  }

  private async delete(known: { message: Message }): Promise<void> {
    const outcome = await this.persist({ op: 'delete', messageId: known.message.id });
    if (outcome.type === 'ok') known.message = outcome.value as Message;
  }

  private persist(command: Command, device = 0): Promise<Outcome> {
    const { recorder, conversationId } = this.group;
    const { op, ...input } = command;
    return untilKnown((number) => {
      const via = this.devices[(number + device) % 2]!;
      return recorder.perform(this.process, op, conversationId, { userId: via.userId, ...input }, () =>
        via.perform(conversationId, command),
      );
    });
  }
}
