import { signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'xfchat-theme';
const { dataset } = document.documentElement;

/** The theme that was chosen on this device. `public/theme.js` has read it before the first paint. */
export const theme = signal((dataset.theme ?? 'system') as Theme);

export function chooseTheme(chosen: Theme): void {
  theme.value = chosen;
  if (chosen === 'system') delete dataset.theme;
  else dataset.theme = chosen;
  try {
    localStorage.setItem(KEY, chosen);
  } catch {
    // Without local storage, the choice lasts until the page is closed.
  }
}
