import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call } from '../../support/api';
import type { Person } from '../../support/people';
import { checkHistory } from '../checker/check-history';
import type { Follower } from '../driver/device';
import { toLines, type Final, type Message, type MessageVersion } from '../history/history';
import type { Recorder } from '../history/recorder';
import type { Cluster } from '../processes/cluster';
import { auditDatabase } from './audit';
import type { Group } from './group';

/* eslint-disable @typescript-eslint/no-explicit-any -- what the server says, whatever it is */

/** Records the end of a history: the states of clients, everything that `readers` read, and the state of the database. */
export async function recordTheEnd(
  group: Group,
  clients: readonly { person: Person; device: Follower }[],
  cluster: Cluster,
  readers: readonly Person[] = group.members,
): Promise<void> {
  const { recorder, conversationId } = group;
  for (const { person, device } of clients) {
    const messages = await device.settled();
    recorder.observe(person.username, 'view', conversationId, { userId: person.id, messages });
  }
  for (const [index, person] of readers.entries()) {
    const { url } = cluster.servers[index % cluster.servers.length]!;
    const reader = new Reader(url, person, conversationId);
    recorder.observe(person.username, 'final', conversationId, await reader.readAll(index === 0));
  }
  recorder.observe('auditor', 'audit', 'database', await auditDatabase(cluster.databaseUrl));
}

/**
 * The broken guarantees, for `expect(…).toEqual([])`. If there are any, a file keeps the history and the
 * last output of the servers. An `internal` error is always a bug.
 */
export function verdict(recorder: Recorder, cluster: Cluster, about: Record<string, unknown>): string[] {
  const broken = checkHistory(recorder.entries).map(({ guarantee, detail }) => `${guarantee}: ${detail}`);
  for (const code of ['internal', 'none', 'validation-failed', 'malformed-request', 'unauthenticated'])
    if (recorder.refusals().has(code)) broken.push(`G16: ${code}, ${recorder.refusals().get(code)} times`);
  if (broken.length === 0) return [];
  const directory = mkdtempSync(join(tmpdir(), 'xfchat-history-'));
  writeFileSync(join(directory, 'history.jsonl'), toLines(recorder.entries));
  for (const { port, lastWords } of cluster.servers)
    writeFileSync(join(directory, `server-${port}.log`), lastWords);
  const summary = `${broken.length} in all; ${JSON.stringify(about)}; see ${directory}`;
  return [summary, ...broken.slice(0, 30)];
}

class Reader {
  constructor(
    private readonly url: string,
    private readonly person: Person,
    private readonly conversationId: string,
  ) {}

  async readAll(withVersions: boolean): Promise<Final> {
    const messages: Message[] = [];
    let head = { seq: 0, rev: 0 };
    for (let hasMore = true; hasMore;) {
      const page = await this.get(`/messages?after=${messages.at(-1)?.seq ?? 0}&limit=200`);
      messages.push(...page.items);
      ({ head, hasMoreAfter: hasMore } = page);
    }
    const conversation = await this.get('');
    const participants = await this.get('/participants');
    const own = participants.items.find((entry: any) => entry.userId === this.person.id);
    const { lastSeq, lastMessage, unreadCount } = conversation;
    return {
      ...{ userId: this.person.id, head, lastSeq, lastMessage, unreadCount, readSeq: own.readSeq, messages },
      versions: withVersions ? await this.versionsOf(messages) : null,
    };
  }

  private async versionsOf(messages: readonly Message[]): Promise<Record<string, MessageVersion[]>> {
    const versions: Record<string, MessageVersion[]> = {};
    for (const { id, rev } of messages)
      if (rev > 0) versions[id] = (await this.get(`/messages/${id}/versions`)).items;
    return versions;
  }

  private async get(path: string): Promise<any> {
    const { accessToken: token } = this.person;
    const answer = await call(this.url, 'GET', `/api/v1/conversations/${this.conversationId}${path}`, {
      token,
    });
    if (answer.status !== 200)
      throw new Error(`read ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }
}
