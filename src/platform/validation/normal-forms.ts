/**
 * The one form in which usernames and e-mail addresses are stored and looked up (RFC 8265, section 3.3: lower case and
 * NFC). It depends on no locale, which PostgreSQL's `lower()` does: under "C" it leaves "Ü" alone, and under a Turkish one
 * it makes "ı" of "I". No statement may fold a name by itself.
 */
export function foldName(text: string): string {
  if (isFoldedAscii(text)) return text;
  return text.normalize('NFC').toLowerCase().normalize('NFC');
}

/** Most of what is folded, ids above all, is in its form already, and normalizing asks for a copy to find out. */
function isFoldedAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7f || (unit >= 0x41 && unit <= 0x5a)) return false;
  }
  return true;
}

/**
 * The one form of a password (RFC 8265, section 4.2, OpaqueString): NFC, and every kind of space is U+0020. One keyboard
 * composes "ñ", another sends "n" and a tilde; both are the same password.
 */
export function normalizePassword(password: string): string {
  return password.replace(/\p{Zs}/gu, ' ').normalize('NFC');
}
