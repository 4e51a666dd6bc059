const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const DAY_AND_YEAR = new Intl.DateTimeFormat(undefined, { dateStyle: 'long' });
const SHORT_DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const SHORT_DATE = new Intl.DateTimeFormat(undefined, { dateStyle: 'short' });
const WHOLE = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });
const RELATIVE = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });

/** The number of calendar days between two times, in the viewer's time zone: 0 is today, 1 is yesterday. */
function daysAgo(date: Date, now: Date): number {
  const start = (day: Date): number => Date.UTC(day.getFullYear(), day.getMonth(), day.getDate());
  return (start(now) - start(date)) / 86_400_000;
}

/** The same text for all times of one day. */
export function dayKey(iso: string): string {
  const date = new Date(iso);
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;
}

export function timeOfDay(iso: string): string {
  return TIME.format(new Date(iso));
}

export function wholeTime(iso: string): string {
  return WHOLE.format(new Date(iso));
}

/** The heading of a day among messages. */
export function dayInWords(iso: string, now = new Date()): string {
  const date = new Date(iso);
  const days = daysAgo(date, now);
  if (days === 0 || days === 1) return capital(RELATIVE.format(-days, 'day'));
  return (date.getFullYear() === now.getFullYear() ? DAY : DAY_AND_YEAR).format(date);
}

/** A short form: the time if it is today, otherwise the day or the date. */
export function shortTime(iso: string, now = new Date()): string {
  const date = new Date(iso);
  const days = daysAgo(date, now);
  if (days <= 0) return TIME.format(date);
  if (days === 1) return capital(RELATIVE.format(-1, 'day'));
  return (date.getFullYear() === now.getFullYear() ? SHORT_DAY : SHORT_DATE).format(date);
}

/** The short form for the middle of a sentence, with "yesterday" in lower case. */
export function momentInWords(iso: string, now = new Date()): string {
  return daysAgo(new Date(iso), now) === 1 ? RELATIVE.format(-1, 'day') : shortTime(iso, now);
}

function capital(text: string): string {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}
