/* global addEventListener, HTMLScriptElement, HTMLLinkElement, location */
// While servers are upgraded one after the other, the page of one release may come and its script be asked of a server that
// has another release. The page can do nothing without its script: so it is loaded again, until both are of one release.
const RETRY_AFTER_MS = 3_000;
addEventListener(
  'error',
  ({ target }) => {
    const isNeeded =
      target instanceof HTMLScriptElement ||
      (target instanceof HTMLLinkElement && target.rel === 'stylesheet');
    if (isNeeded) setTimeout(() => location.reload(), RETRY_AFTER_MS);
  },
  true, // such errors do not bubble
);
