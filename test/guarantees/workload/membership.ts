import type { Person } from '../../support/people';
import type { Group } from './group';

/** The owner removes and adds a member again and again. In the end, the member participates. */
export async function comeAndGo(group: Group, person: Person, isOver: () => boolean): Promise<void> {
  const random = group.random.fork(`comings and goings of ${group.people.indexOf(person)}`);
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, random.between(50, 400)));
  while (!isOver()) {
    await pause();
    await group.change('remove', person);
    await pause();
    await group.change('add', person);
  }
}
