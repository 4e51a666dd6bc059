import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const PLATFORM = join(__dirname, 'platform');
const read = (path: string): string => readFileSync(join(PLATFORM, path), 'utf8');

/** Declarations that belong to feature modules and not to the platform, in their declared and their used form. */
const DECLARED: [file: string, declaration: RegExp, use: (name: string) => string][] = [
  ['problems/general-problems.ts', /^export const (\w+) = declareProblem/gm, (name) => name],
  ['rate-limits/allowances.ts', /^export const (\w+): Allowance/gm, (name) => `${name}[,;)]`],
  ['metrics/metrics.ts', /^ {2}readonly (\w+) = this\.\w+\(/gm, (name) => `metrics\\.${name}`],
  ['sockets/rooms.ts', /^export const (\w+) = .*`;$/gm, (name) => name],
];

describe('the platform', () => {
  it.each(DECLARED)('declares nothing in %s that only feature modules use', (file, declaration, use) => {
    const names = [...read(file).matchAll(declaration)].map(([, name]) => name!);
    expect(names).not.toEqual([]);
    const code = readdirSync(PLATFORM, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts'))
      .map(read)
      .join('\n')
      .replaceAll(/^(import [^;]*;|export const \w+)/gm, '');
    expect(names.filter((name) => !new RegExp(`\\b${use(name)}`).test(code))).toEqual([]);
  });
});
