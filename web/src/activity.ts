/** After this time without input, in milliseconds, the user counts as away, even if the page is visible. */
const IDLE_MS = 5 * 60_000;
const SIGNS = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart', 'focus'] as const;

/**
 * Calls `say` whenever the user leaves this page or comes back to it.
 * @returns a function that ends the calls
 */
export function followActivity(say: (status: 'online' | 'away') => void): () => void {
  let lastAt = performance.now();
  let timer: ReturnType<typeof setTimeout> | undefined;
  // Input only records the time, because pointer events are frequent. The timer compares it.
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
