const WORKER = '/worker.js';

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL: () => string },
  ): {
    createScriptURL: (url: string) => string;
  };
}

/** Keeps this page in the browser, where that is possible: over TLS, and on one's own machine. */
export function keepPageForOffline(): void {
  if (!('serviceWorker' in navigator)) return;
  // The policy of the page lets scripts be named in this one place, and only this one.
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  const policy = trustedTypes?.createPolicy('worker', { createScriptURL: () => WORKER });
  navigator.serviceWorker.register(policy?.createScriptURL(WORKER) ?? WORKER).catch(() => undefined); // it works without
}
