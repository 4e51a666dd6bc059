/** Nobody is at a page that was not touched for so long, whether it can be seen or not. */
const IDLE_MS = 5 * 60_000;
const SIGNS = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart', 'focus'] as const;

/**
 * Says whether somebody is at this page, whenever that changes.
 * @returns what ends that
 */
export function followActivity(say: (status: 'online' | 'away') => void): () => void {
  let lastAt = performance.now();
  let timer: ReturnType<typeof setTimeout> | undefined;
  // A pointer that moves only notes the time: the timer looks at it.
  const look = (): void => {
    const left = lastAt + IDLE_MS - performance.now();
    timer = left > 0 ? setTimeout(look, left) : undefined;
    if (left <= 0) say('away');
  };
  const noted = (): void => {
    if (document.visibilityState === 'hidden') return;
    lastAt = performance.now();
    if (timer !== undefined) return;
    say('online');
    look();
  };
  const options = { passive: true, capture: true };
  for (const sign of SIGNS) addEventListener(sign, noted, options);
  document.addEventListener('visibilitychange', noted);
  look();
  return () => {
    clearTimeout(timer);
    for (const sign of SIGNS) removeEventListener(sign, noted, options);
    document.removeEventListener('visibilitychange', noted);
  };
}
