import { isDeepStrictEqual } from 'node:util';
import type { Message, Refusal } from '../history/history';
import type { Facts } from './facts';
import { violation, type Violation } from './violation';

const byId = (messages: readonly Message[]): Map<string, Message> =>
  new Map(messages.map((message) => [message.id, message]));

/** G1: every acknowledged message is in the final history of each member, with the same bytes. */
export function acknowledgedIsDurable(facts: Facts): Violation[] {
  const found: Violation[] = [];
  const acknowledged = facts.of('send').filter((attempt) => attempt.type === 'ok');
  for (const conversationId of facts.conversationIds) {
    for (const final of facts.finalsOf(conversationId)) {
      const stored = byId(final.messages);
      for (const { key, input, output } of acknowledged) {
        if (key !== conversationId) continue;
        const complain = (what: string): number =>
          found.push(
            violation('G1', key, `message ${input.id}, acknowledged: ${what} (read by ${final.userId})`),
          );
        const message = stored.get(input.id);
        if (!message) complain('lost');
        else if (output.id !== message.id || output.createdAt !== message.createdAt)
          complain('stored as another one');
        // Other messages may have been edited since. An unedited one must equal its acknowledgement.
        else if (output.rev === message.rev && output.body !== message.body)
          complain('stored with another body');
        else if (output.rev === 0 && output.body !== input.body) complain('acknowledged with another body');
      }
    }
  }
  return found;
}

/** G11: every stored message was attempted. G5: every message that was delivered live is stored as delivered. */
export function nothingIsInvented(facts: Facts): Violation[] {
  const found: Violation[] = [];
  const editedBodies = new Map<string, Set<string>>();
  for (const { input } of facts.of('edit')) {
    const bodies = editedBodies.get(input.messageId) ?? new Set();
    editedBodies.set(input.messageId, bodies.add(input.body));
  }
  const deleted = new Set(facts.of('delete').map(({ input }) => input.messageId as string));
  for (const conversationId of facts.conversationIds) {
    const stored = byId(facts.messagesOf(conversationId));
    for (const message of stored.values()) {
      const complain = (what: string): number =>
        found.push(violation('G11', conversationId, `message ${message.id}, seq ${message.seq}: ${what}`));
      const sending = facts.sendingOf(conversationId, message);
      if (!sending) complain('nobody sent it');
      else if (message.body === null) {
        if (!deleted.has(message.id)) complain('nobody deleted it');
      } else if (
        !sending.attempts.some(({ input }) => input.body === message.body) &&
        !editedBodies.get(message.id)?.has(message.body)
      )
        complain('nobody wrote its body');
    }
    for (const { key, value } of facts.heard) {
      if (key !== conversationId) continue;
      const message = stored.get(value.message.id);
      const what = `${value.event} of ${value.message.id}, heard by ${value.userId}`;
      if (!message) found.push(violation('G5', key, `${what}: not stored`));
      else if (message.rev === value.message.rev && !isDeepStrictEqual(message, value.message))
        found.push(violation('G5', key, `${what}: not what is stored`));
    }
  }
  return found;
}

/** G13: definitely rejected changes are absent. */
export function refusedIsAbsent(facts: Facts): Violation[] {
  const found: Violation[] = [];
  for (const { id, conversationId, userId, attempts } of facts.sendings.values()) {
    const message = byId(facts.messagesOf(conversationId)).get(id);
    if (message?.senderId !== userId) continue;
    if (attempts.every((attempt) => attempt.type === 'fail'))
      found.push(violation('G13', conversationId, `message ${id}: refused every time, and stored`));
    // A repeated send may be rejected because its own first attempt has taken the id.
    const bodies = new Set(attempts.map(({ input }) => input.body as string));
    for (const { type, output } of attempts) {
      const isConflict = type === 'fail' && (output as Refusal).code === 'message-id-conflict';
      if (isConflict && bodies.size === 1)
        found.push(violation('G13', conversationId, `message ${id}: refused for its id, which is its own`));
    }
  }
  const versions = new Set(
    facts.finals.flatMap(({ value }) =>
      Object.values(value.versions ?? {}).flatMap((line) => line.map(({ version }) => version)),
    ),
  );
  const mayBeDone = new Set(
    facts
      .of('edit')
      .filter((attempt) => attempt.type !== 'fail')
      .map(({ input }) => input.version as string),
  );
  for (const { key, input } of facts.of('edit')) {
    if (!mayBeDone.has(input.version) && versions.has(input.version))
      found.push(violation('G13', key, `edit ${input.version}: refused every time, and stored`));
  }
  return found;
}
