import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROBLEMS } from './catalogue';

const DOCUMENT = readFileSync(join(__dirname, '../../../docs/errors.md'), 'utf8');

describe('the catalogue of problems', () => {
  it('is what docs/errors.md says: the same codes in the same order, with status, title and explanation', () => {
    const documented = [...DOCUMENT.matchAll(/^## (\S+)\n\n\*\*(\d+)\*\* · (.+)\n\n(.+)$/gm)].map(
      ([, code, status, title, explanation]) => [code, { status: Number(status), title, explanation }],
    );
    expect(documented).toEqual(Object.entries(PROBLEMS));
    expect(DOCUMENT.match(/^## /gm)).toHaveLength(documented.length);
  });
});
