/**
 * The host of a link if its text does not name it. It is in ASCII (`xn--…`), because letters of another alphabet may look
 * like familiar ones.
 * @param words the visible text of the link
 * @returns undefined when the text is the address itself or names the host
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

/** Whether the text of a link looks like an address. */
export function looksLikeAddress(words: string): boolean {
  return /^\s*(?:[a-z][a-z0-9+.-]*:\/\/|www\.|[^\s/]+\.\p{L}{2,}(?:[/?#:]|\s*$))/iu.test(words);
}
