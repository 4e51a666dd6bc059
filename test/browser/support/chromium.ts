import { existsSync } from 'node:fs';

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** @returns the browser to test with: `CHROMIUM`, or an installed one. @throws Error with instructions to install one */
export function chromiumPath(): string {
  const found = [process.env.CHROMIUM, ...PLACES].find((path) => path && existsSync(path));
  if (found) return found;
  throw new Error(
    'The browser tests did NOT run: there is no Chromium here. Install one (Debian: "apt-get install chromium"), ' +
      'or name it in the environment variable CHROMIUM.',
  );
}
