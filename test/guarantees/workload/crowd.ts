import { ClientDevice } from '../driver/client-device';
import type { Device } from '../driver/device';
import { HttpDevice } from '../driver/http-device';
import { Recorder } from '../history/recorder';
import type { Cluster } from '../processes/cluster';
import type { Random } from '../../support/random';
import { Group, untilKnown } from './group';
import { recordTheEnd, verdict } from './verdict';

const MESSAGES_EACH = 20;

interface CrowdReport {
  readonly broken: string[];
  readonly sent: number;
  /** The number of distinct messages that each listener received live, without catch-up. */
  readonly heard: number[];
}

/**
 * Everybody sends at once into one conversation: half over HTTP, and half over sockets, which also listen. Every tenth
 * message is sent three times, over both transports if there are two. Then the users who did not listen read everything.
 */
export async function sendAllAtOnce(cluster: Cluster, random: Random, senders: number): Promise<CrowdReport> {
  const recorder = new Recorder();
  const group = await Group.create(cluster.urls, recorder, random, { members: senders });
  // Do not take every second user: with two servers, one of them would get none.
  const listening = group.members.slice(0, Math.ceil(senders / 2));
  const listeners = await Promise.all(
    listening.map(async (person) => {
      const url = group.urlOf(person);
      const device = await ClientDevice.create(url, person, group.conversationId, recorder);
      return { person, device };
    }),
  );
  try {
    await Promise.all(listeners.map(({ device }) => device.connected()));
    await Promise.all(
      group.members.map(async (person, index) => {
        const http = new HttpDevice(group.urlOf(person), person);
        const devices: Device[] = listeners[index] ? [listeners[index].device, http] : [http];
        const own = random.fork(`sender ${index}`);
        for (let n = 0; n < MESSAGES_EACH; n++) {
          const message = { id: own.uuid(), body: `${index} sends ${n}` };
          for (let time = 0; time < (n % 10 === 0 ? 3 : 1); time++) {
            const device = devices[time % devices.length]!;
            await untilKnown(() =>
              recorder.perform(
                person.username,
                'send',
                group.conversationId,
                { userId: person.id, ...message },
                () => device.perform(group.conversationId, { op: 'send', ...message }),
              ),
            );
          }
        }
      }),
    );
    // Listeners have their own view; the others read.
    await recordTheEnd(group, listeners, cluster, group.members.slice(listeners.length - 1));
  } finally {
    for (const { device } of listeners) device.close();
  }
  const heard = new Map<string, Set<string>>(listeners.map(({ person }) => [person.id, new Set()]));
  for (const { op, value } of recorder.entries)
    if (op === 'hear') heard.get(value.userId)?.add(value.message.id);
  return {
    broken: verdict(recorder, cluster, { senders }),
    sent: senders * MESSAGES_EACH,
    heard: [...heard.values()].map((ids) => ids.size),
  };
}
