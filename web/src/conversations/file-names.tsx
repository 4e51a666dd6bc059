import type { Message } from '@xfchat/client';

/** The names of the files of a message: without them, a message that has only files would look empty. */
export function FileNames({ attachments }: Pick<Message, 'attachments'>) {
  if (attachments.length === 0) return null;
  return (
    <ul class="file-names" aria-label="Files">
      {attachments.map(({ id, name }) => (
        <li key={id} dir="auto">
          {name}
        </li>
      ))}
    </ul>
  );
}
