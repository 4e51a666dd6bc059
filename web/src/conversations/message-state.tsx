import type { OutgoingMessage } from '@xfchat/client';
import { Icon, type IconName } from '../components/icon.tsx';
import { codeInWords } from '../words.ts';
import { isOutgoing, type Said } from './rows.ts';

/** The state of an own message: waiting, sent, read or failed. */
export function MessageState({ said, readBy, isGroup }: { said: Said; readBy: number; isGroup: boolean }) {
  const [icon, text, isShown] = stateOf(said, readBy, isGroup);
  return (
    <span class={`state ${icon}`} title={text}>
      <Icon name={icon} />
      <span class={isShown ? undefined : 'hidden'}>{text}</span>
    </span>
  );
}

function stateOf(said: Said, readBy: number, isGroup: boolean): [IconName, string, boolean] {
  if (isOutgoing(said)) {
    const { status, problem } = said;
    if (status === 'pending') return ['clock', 'Waiting to be sent', true];
    if (status === 'failed') return ['alert', `Not sent. ${whyNot(problem, isGroup)}`, true];
  }
  if (readBy === 0) return ['check', 'Sent', false];
  return ['checks', isGroup ? `Read by ${readBy}` : 'Read', false];
}

function whyNot(problem: OutgoingMessage['problem'], isGroup: boolean): string {
  // The server does not tell a block from other reasons, so the text must fit all of them.
  if (problem?.code === 'forbidden' && !isGroup) return 'You cannot write to each other.';
  return codeInWords(problem?.code ?? '', problem?.title);
}
