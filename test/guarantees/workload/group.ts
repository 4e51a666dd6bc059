import { signUpAll, type Person } from '../../support/people';
import type { Outcome } from '../driver/device';
import { HttpDevice } from '../driver/http-device';
import type { Recorder } from '../history/recorder';
import type { Random } from '../../support/random';

/** Users and a conversation. Those who are not members must be kept out. */
export class Group {
  private constructor(
    readonly conversationId: string,
    readonly people: readonly Person[],
    readonly members: readonly Person[],
    readonly outsiders: readonly Person[],
    readonly recorder: Recorder,
    readonly random: Random,
    /** The addresses for clients; each user has one of them. */
    private readonly urls: readonly string[],
  ) {}

  static async create(
    urls: readonly string[],
    recorder: Recorder,
    random: Random,
    { members = 8, outsiders = 0 } = {},
  ): Promise<Group> {
    const people = await signUpAll(urls[0]!, members + outsiders);
    const [owner, ...others] = people.slice(0, members);
    const conversationId = await owner!.group(...others);
    await recorder.perform(
      `${owner!.username}/setup`,
      'create',
      conversationId,
      { userId: owner!.id, memberIds: others.map(({ id }) => id) },
      async () => ({ type: 'ok', value: {} }),
    );
    return new Group(
      conversationId,
      people,
      people.slice(0, members),
      people.slice(members),
      recorder,
      random,
      urls,
    );
  }

  get owner(): Person {
    return this.members[0]!;
  }

  urlOf(person: Person): string {
    return this.urls[this.people.indexOf(person) % this.urls.length]!;
  }

  /** Adds or removes a member, with retries until it is known to be done. */
  async change(op: 'add' | 'remove', person: Person): Promise<void> {
    const device = new HttpDevice(this.urlOf(this.owner), this.owner);
    const path = `/conversations/${this.conversationId}/participants/${person.id}`;
    await untilKnown(() =>
      this.recorder.perform(
        `${this.owner.username}/members/${person.username}`,
        op,
        this.conversationId,
        { userId: person.id },
        () => (op === 'add' ? device.request('PUT', path, {}) : device.request('DELETE', path)),
      ),
    );
  }
}

const PATIENCE_MS = 120_000;

/** Retries after temporary rejections and unknown outcomes. */
export async function untilKnown(attempt: (number: number) => Promise<Outcome>): Promise<Outcome> {
  const begin = performance.now();
  for (let number = 0; ; number++) {
    const outcome = await attempt(number);
    const isKnown = outcome.type === 'ok' || (outcome.type === 'fail' && outcome.value.status < 500);
    if (isKnown) return outcome;
    if (performance.now() - begin > PATIENCE_MS)
      throw new Error(`no answer for ${PATIENCE_MS} ms; at last ${JSON.stringify(outcome)}`);
    await new Promise((resolve) => setTimeout(resolve, Math.min(500, 20 * 2 ** number)));
  }
}
