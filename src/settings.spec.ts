import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const read = (file: string): string => readFileSync(join(__dirname, file), 'utf8');

describe('the settings', () => {
  it('are all in the table of README.md', () => {
    const fields = read('platform/configuration/configuration.ts').matchAll(/^ {2}([A-Z][A-Z0-9_]+)[?:! ]/gm);
    const names = [...fields].map(([, name]) => name!);
    const rows = read('../README.md')
      .match(/^\| `.*?\|/gm)!
      .join('\n');
    expect(names.filter((name) => !rows.includes(`\`${name}\``))).toEqual([]);
    expect(names.length).toBeGreaterThan(30);
  });
});
