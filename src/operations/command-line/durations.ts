import { InvalidArgumentError, Option } from 'commander';

const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Parses `90s`, `10m` or `24h` into milliseconds. @throws InvalidArgumentError */
export function duration(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? [];
  const milliseconds = Number(number) * UNITS[unit ?? '']!;
  if (!(milliseconds > 0)) throw new InvalidArgumentError('Must be a time such as 500ms, 10s, 5m or 24h.');
  return milliseconds;
}

/** An option with a time. The help shows its default as people write it, such as `7d`. */
export const timeOption = (name: string, description: string, usual: string): Option =>
  new Option(`${name} <time>`, description).argParser(duration).default(duration(usual), usual);
