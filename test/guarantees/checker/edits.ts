import type { Message, MessageVersion } from '../history/history';
import type { Attempt } from './attempts';
import type { Facts } from './facts';
import { violation, type Violation } from './violation';

/** G14: the versions of a message form a line that begins with the sent message. No acknowledged edit is lost. */
export function editsAreALine(facts: Facts): Violation[] {
  const edits = new Map<string, Attempt[]>();
  for (const attempt of facts.of('edit').filter(({ type }) => type === 'ok')) {
    const id = attempt.input.messageId as string;
    edits.set(id, [...(edits.get(id) ?? []), attempt]);
  }
  const found: Violation[] = [];
  for (const { key, value } of facts.finals) {
    if (!value.versions) continue;
    const messages = new Map(value.messages.map((message) => [message.id, message]));
    for (const [id, versions] of Object.entries(value.versions)) {
      const complain = (what: string): number => found.push(violation('G14', key, `message ${id}: ${what}`));
      const message = messages.get(id);
      if (message) lineFaults(message, versions).forEach(complain);
      for (const { input } of edits.get(id) ?? []) {
        const stored = versions.find(({ version }) => version === input.version);
        if (!stored) complain(`edit ${input.version}, acknowledged, is lost`);
        else if (!message?.deletedAt && stored.body !== input.body)
          complain(`edit ${input.version} is stored with another body`);
        else if (!stored.parents.every((parent) => input.parents.includes(parent)))
          complain(`edit ${input.version} follows a version that its author had not seen`);
      }
    }
    for (const id of edits.keys()) {
      if (messages.has(id) && !value.versions[id])
        found.push(violation('G14', key, `message ${id}: edited, and has no versions`));
    }
  }
  return found;
}

function lineFaults(message: Message, versions: readonly MessageVersion[]): string[] {
  const faults: string[] = [];
  const [first] = versions;
  if (first?.version !== message.id || first.parents.length > 0) faults.push('does not begin as it was sent');
  for (const [index, { version, parents }] of versions.entries()) {
    const before = versions[index - 1];
    if (before && (parents.length !== 1 || parents[0] !== before.version))
      faults.push(`version ${version} does not follow ${before.version}`);
  }
  const last = versions.at(-1);
  if (last?.version !== message.version || last.body !== message.body)
    faults.push('is not what its last version says');
  return faults;
}
