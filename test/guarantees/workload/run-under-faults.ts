import type { Person } from '../../support/people';
import { ClientDevice } from '../driver/client-device';
import { Recorder } from '../history/recorder';
import { carryOut, type Faults } from '../nemesis/nemesis';
import { formatSchedule, type Step } from '../nemesis/schedule';
import type { Cluster } from '../processes/cluster';
import type { Random } from '../../support/random';
import { Group } from './group';
import { comeAndGo } from './membership';
import { recordTheEnd, verdict } from './verdict';
import { Writer } from './writer';

/** A user with the reference client. */
export interface Client {
  readonly person: Person;
  readonly device: ClientDevice;
}

interface Options {
  readonly writers?: number;
  /** Members who are removed and added again all the time, and continue to write. */
  readonly leavers?: number;
  /** Users who try forbidden actions. */
  readonly outsiders?: number;
  /** Faults in addition to those of the cluster. */
  readonly faults?: (recorder: Recorder, clients: readonly Client[]) => Faults;
}

/** The broken guarantees, and the number of attempts by outcome. */
export interface Report {
  readonly broken: string[];
  readonly outcomes: Recorder['outcomes'];
  readonly refusals: ReadonlyMap<string, number>;
}

/** Everybody writes and listens while the schedule is carried out; then everything is read and checked. */
export async function runUnderFaults(
  cluster: Cluster,
  schedule: readonly Step[],
  random: Random,
  { writers = 8, leavers = 0, outsiders = 0, faults }: Options,
): Promise<Report> {
  const recorder = new Recorder();
  const group = await Group.create(cluster.urls, recorder, random, { members: writers + leavers, outsiders });
  const clients = await Promise.all(group.people.map((person) => connect(group, person)));
  try {
    await Promise.all(clients.map(({ device }) => device.connected()));
    let isOver = false;
    const work = Promise.all([
      ...clients.map(({ person, device }) => new Writer(group, person, device).writeUntil(() => isOver)),
      ...group.members.slice(writers).map((person) => comeAndGo(group, person, () => isOver)),
    ]);
    const harm = carryOut(
      schedule,
      { ...cluster.faults, ...faults?.(recorder, clients) },
      recorder,
      random.fork('nemesis'),
    );
    await Promise.all([harm.finally(() => (isOver = true)), work]);
    const members = clients.filter(({ person }) => group.members.includes(person));
    await recordTheEnd(group, members, cluster);
  } finally {
    for (const { device } of clients) device.close();
  }
  const broken = verdict(recorder, cluster, { schedule: formatSchedule(schedule).split('\n') });
  return { broken, outcomes: recorder.outcomes, refusals: recorder.refusals() };
}

async function connect(group: Group, person: Person): Promise<Client> {
  const url = group.urlOf(person);
  return { person, device: await ClientDevice.create(url, person, group.conversationId, group.recorder) };
}
