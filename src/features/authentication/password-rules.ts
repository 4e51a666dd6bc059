import { dictionary } from '@zxcvbn-ts/language-common';
import { invalidField } from '../../platform/problems/problem';
import { foldName } from '../../platform/validation/normal-forms';
import { MIN_PASSWORD_LENGTH } from './passwords';

const PRODUCT = 'xfchat';
/** Words to which people add a year. Words of the list of common passwords count as well. */
const SEASONAL = new Set(
  (
    'spring summer autumn fall winter january february march april may june july august september october november ' +
    'december monday tuesday wednesday thursday friday saturday sunday password passwort passwords welcome'
  ).split(' '),
);
const COMMON = new Set(dictionary['passwords-common']);
/** Signs that people write instead of letters, with the letters. */
const LOOKALIKES: Record<string, string> = {
  '@': 'a',
  '4': 'a',
  '3': 'e',
  '1': 'i',
  '!': 'i',
  '0': 'o',
  $: 's',
  '5': 's',
};

/** The person whose password is checked. */
export interface PasswordOwner {
  readonly username: string;
  readonly email?: string | null;
}

/**
 * Rejects passwords that attackers try first: common ones, the owner's or the product's name, a common word with a
 * year. Digits and signs around it change nothing.
 * @throws Problem `validation-failed`
 */
export function refuseWeakPassword(password: string, pointer: string, owner: PasswordOwner): void {
  const fault = weaknessOf(password, owner);
  if (fault) throw invalidField(pointer, fault);
}

function weaknessOf(password: string, { username, email }: PasswordOwner): string | undefined {
  const folded = foldName(password);
  if (folded.length >= MIN_PASSWORD_LENGTH && COMMON.has(folded))
    return 'is one of the most common passwords: choose another one';
  const names = [username, ...(email ? [email, email.split('@')[0]!] : [])].map(foldName);
  if (names.includes(folded)) return 'must not be the username or the e-mail address';
  for (const core of coresOf(folded)) {
    if (names.some((name) => isRepetitionOf(core, onlyWord(name))))
      return 'must not be the username or the e-mail address with something around it';
    if (isRepetitionOf(core, PRODUCT)) return 'must not be the name of the product';
  }
  const year =
    /^(.*?)[^\p{L}\p{N}]*(?:19|20)\d\d[^\p{L}\p{N}]*$|^[^\p{L}\p{N}]*(?:19|20)\d\d[^\p{L}\p{N}]*(.*?)[^\p{L}\p{N}]*$/u.exec(
      folded,
    );
  const word = year?.[1] ?? year?.[2];
  if (word !== undefined && isCommonWord(word)) return 'is a common word with a year: choose another one';
  return undefined;
}

/** The word without digits and signs around and within it, as written and with look-alike signs read as letters. */
function coresOf(folded: string): string[] {
  const trimmed = folded.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '');
  const read = (text: string): string => onlyWord([...text].map((sign) => LOOKALIKES[sign] ?? sign).join(''));
  return [onlyWord(folded), onlyWord(trimmed), read(folded), read(trimmed)];
}

const onlyWord = (text: string): string => text.replace(/[^\p{L}]/gu, '');

function isRepetitionOf(text: string, word: string): boolean {
  return word.length >= 3 && text.length > 0 && text.replaceAll(word, '') === '';
}

function isCommonWord(word: string): boolean {
  const plain = [...word].map((sign) => LOOKALIKES[sign] ?? sign).join('');
  return word === '' || [word, plain].some((text) => SEASONAL.has(text) || COMMON.has(text));
}
