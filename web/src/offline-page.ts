const WORKER = '/worker.js';

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL: () => string },
  ): {
    createScriptURL: (url: string) => string;
  };
}

/** Keeps this page in the browser. Browsers allow this over TLS and on `localhost`. */
export function keepPageForOffline(): void {
  if (!('serviceWorker' in navigator)) return;
  // The page's Trusted Types policy allows exactly one script URL, and only here.
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  const policy = trustedTypes?.createPolicy('worker', { createScriptURL: () => WORKER });
  navigator.serviceWorker.register(policy?.createScriptURL(WORKER) ?? WORKER).catch(() => undefined); // the page works without it
}
