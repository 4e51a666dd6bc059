import { MAX_ATTACHMENT_NAME } from '../messages/attachment-view';

/** Control characters, direction marks and other invisible characters, and halves of surrogate pairs. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;
const UNNAMED = 'file';

/** The name for showing and saving a file: without a path or invisible characters, and not too long. */
export function fileNameOf(given: string | undefined): string {
  const name = (given ?? '').split(/[/\\]/).at(-1)!.normalize('NFC').replace(UNSEEN, '').trim();
  if (/^\.*$/.test(name)) return UNNAMED;
  const characters = [...name];
  if (characters.length <= MAX_ATTACHMENT_NAME) return name;
  const [extension = ''] = /\.[^.]{1,15}$/u.exec(name) ?? [];
  return characters.slice(0, MAX_ATTACHMENT_NAME - [...extension].length).join('') + extension;
}
