/* global document, localStorage */
// Runs before the first paint, so that the page appears in the chosen theme from the start.
try {
  const theme = localStorage.getItem('xfchat-theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Without local storage, use the theme of the system.
}
