/**
 * The host of a link if its words do not name it, in ASCII (`xn--…`), so that no letter of another alphabet looks like a
 * familiar one.
 * @param words what is shown of the link
 * @returns undefined when the words are the address itself, and say the host plainly
 */
export function hostToShow(address: string, words: string): string | undefined {
  const { protocol, host, pathname } = new URL(address);
  if (protocol === 'mailto:') {
    const recipient = pathname;
    return words === recipient || words === address ? undefined : recipient;
  }
  const shown = words.trim().toLowerCase();
  const isHost = [host, `${protocol}//${host}`].some(
    (plain) => shown === plain || ['/', '?', '#'].some((next) => shown.startsWith(plain + next)),
  );
  return isHost ? undefined : host;
}

/** Whether the words look like an address themselves, which is then another one. */
export function looksLikeAddress(words: string): boolean {
  return /^\s*(?:[a-z][a-z0-9+.-]*:\/\/|www\.|[^\s/]+\.\p{L}{2,}(?:[/?#:]|\s*$))/iu.test(words);
}
