import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import './app.module'; // loads every module, and with it every problem
import { declaredProblems, declareProblem } from './platform/problems/problem-kind';

const DOCUMENT = readFileSync(join(__dirname, '../docs/errors.md'), 'utf8');

describe('the problems', () => {
  it('match docs/errors.md: the same codes in the same order, with status, title and explanation', () => {
    const documented = [...DOCUMENT.matchAll(/^## (\S+)\n\n\*\*(\d+)\*\* · (.+)\n\n(.+)$/gm)].map(
      ([, code, status, title, explanation]) => ({ code, status: Number(status), title, explanation }),
    );
    expect(documented).toEqual(
      declaredProblems().map(({ code, status, title, explanation }) => ({
        code,
        status,
        title,
        explanation,
      })),
    );
    expect(DOCUMENT.match(/^## /gm)).toHaveLength(documented.length);
  });

  it('each have their own code', () => {
    expect(() => declareProblem('forbidden', 403, 'Another one', 'It has a code that is taken.')).toThrow(
      'the problem forbidden is declared twice',
    );
  });
});
