export const inPercent = (share: number): string => `${(share * 100).toFixed(2).replace(/\.?0+$/, '')} %`;

/** Formats a short time, given in seconds. */
export function inMs(seconds: number): string {
  if (seconds >= 1) return `${seconds.toFixed(1).replace('.0', '')} s`;
  return `${(seconds * 1_000).toFixed(seconds < 0.01 ? 1 : 0)} ms`;
}

/** Formats a long time, given in seconds. */
export function inTime(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 6) / 10} h`;
}
