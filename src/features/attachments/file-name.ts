import { MAX_ATTACHMENT_NAME } from '../messages/attachment-view';

/** Control characters, marks of direction and other invisible ones, and halves of surrogate pairs. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;
const UNNAMED = 'file';

/** A name to show and to save under: without a path, without what nobody sees, and not too long. */
export function fileNameOf(given: string | undefined): string {
  const name = (given ?? '').split(/[/\\]/).at(-1)!.normalize('NFC').replace(UNSEEN, '').trim();
  if (/^\.*$/.test(name)) return UNNAMED;
  const characters = [...name];
  if (characters.length <= MAX_ATTACHMENT_NAME) return name;
  const [extension = ''] = /\.[^.]{1,15}$/u.exec(name) ?? [];
  return characters.slice(0, MAX_ATTACHMENT_NAME - [...extension].length).join('') + extension;
}
