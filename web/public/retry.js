/* global addEventListener, HTMLScriptElement, HTMLLinkElement, location */
// While servers are upgraded one after the other, the page may come from one release and its script be requested from a
// server with another release. The page does not work without its script, so it reloads until both have the same release.
const RETRY_AFTER_MS = 3_000;
addEventListener(
  'error',
  ({ target }) => {
    const isNeeded =
      target instanceof HTMLScriptElement ||
      (target instanceof HTMLLinkElement && target.rel === 'stylesheet');
    if (isNeeded) setTimeout(() => location.reload(), RETRY_AFTER_MS);
  },
  true, // in the capture phase, because these errors do not bubble
);
