/* global document, localStorage */
// Runs before anything is drawn: the page never shows in other colours first than those that were chosen on this device.
try {
  const theme = localStorage.getItem('xfchat-theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Nothing is kept here: as the system has it.
}
