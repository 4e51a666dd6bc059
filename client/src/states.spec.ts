import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ACCOUNT } from './account-states.ts';
import { CONVERSATION } from './catch-up-states.ts';

const DOCUMENT = readFileSync(join(__dirname, '../../docs/states.md'), 'utf8');

type Table = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The rows of a table in the document. The first cell of each row is the trigger. */
function documented(states: readonly string[]): string[][] {
  const [, rows] = DOCUMENT.split(`| Trigger | ${states.join(' | ')} |\n`);
  return rows!
    .split('\n\n', 1)[0]!
    .split('\n')
    .slice(1)
    .map((row) => row.split('|').map((cell) => cell.trim()))
    .map(([, trigger, ...effects]) => [/`(.*?)`/.exec(trigger!)![1]!, ...effects.slice(0, -1)]);
}

/** The same rows, from the code. */
function decided(table: Table): string[][] {
  const states = Object.keys(table);
  const written = (effect: string): string => {
    if (effect === 'stay') return '—';
    return states.includes(effect) ? `→ ${effect}` : effect;
  };
  const triggers = Object.keys(table[states[0]!]!);
  return triggers.map((trigger) => [trigger, ...states.map((state) => written(table[state]![trigger]!))]);
}

describe('docs/states.md', () => {
  it.each<[what: string, table: Table]>([
    ['a conversation that catches up', CONVERSATION],
    ['an account', ACCOUNT],
  ])('has the table of %s', (_what, table) => {
    expect(documented(Object.keys(table))).toEqual(decided(table));
  });
});
