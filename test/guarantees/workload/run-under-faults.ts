import type { Person } from '../../support/people';
import { SocketDevice } from '../driver/socket-device';
import { SocketFollower } from '../driver/socket-follower';
import { Recorder } from '../history/recorder';
import { carryOut, type Faults } from '../nemesis/nemesis';
import { formatSchedule, type Step } from '../nemesis/schedule';
import type { Cluster } from '../processes/cluster';
import type { Random } from '../../support/random';
import { Group } from './group';
import { comeAndGo } from './membership';
import { recordTheEnd, verdict } from './verdict';
import { Writer } from './writer';

/** Somebody with a socket, who follows the conversation over it. */
export interface Client {
  readonly person: Person;
  readonly socket: SocketDevice;
  readonly follower: SocketFollower;
}

interface Options {
  readonly writers?: number;
  /** Members who are removed and added again all the time, and go on writing. */
  readonly leavers?: number;
  /** People who try what they may not. */
  readonly outsiders?: number;
  /** Besides those of the cluster. */
  readonly faults?: (recorder: Recorder, clients: readonly Client[]) => Faults;
}

/** What became of it: the promises that were broken, and how attempts ended. */
export interface Report {
  readonly broken: string[];
  readonly outcomes: Recorder['outcomes'];
  readonly refusals: ReadonlyMap<string, number>;
}

/** Everybody writes and listens while the schedule is carried out; then all is read and checked. */
export async function runUnderFaults(
  cluster: Cluster,
  schedule: readonly Step[],
  random: Random,
  { writers = 8, leavers = 0, outsiders = 0, faults }: Options,
): Promise<Report> {
  const recorder = new Recorder();
  const group = await Group.create(cluster.urls, recorder, random, { members: writers + leavers, outsiders });
  const clients = group.people.map((person) => connect(group, person));
  try {
    await Promise.all(clients.map(({ socket }) => socket.connected()));
    let isOver = false;
    const work = Promise.all([
      ...clients.map(({ person, socket }) => new Writer(group, person, socket).writeUntil(() => isOver)),
      ...group.members.slice(writers).map((person) => comeAndGo(group, person, () => isOver)),
    ]);
    const harm = carryOut(
      schedule,
      { ...cluster.faults, ...faults?.(recorder, clients) },
      recorder,
      random.fork('nemesis'),
    );
    await Promise.all([harm.finally(() => (isOver = true)), work]);
    const followers = clients.filter(({ person }) => group.members.includes(person));
    await recordTheEnd(group, followers, cluster);
  } finally {
    for (const { follower } of clients) follower.close();
  }
  const broken = verdict(recorder, cluster, { schedule: formatSchedule(schedule).split('\n') });
  return { broken, outcomes: recorder.outcomes, refusals: recorder.refusals() };
}

function connect(group: Group, person: Person): Client {
  const socket = new SocketDevice(group.urlOf(person), person);
  const follower = new SocketFollower(person.username, socket, group.conversationId, group.recorder);
  return { person, socket, follower };
}
