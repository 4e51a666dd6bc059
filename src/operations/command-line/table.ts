import { styleText } from 'node:util';

export type Colour = 'green' | 'red' | 'yellow' | 'bold' | 'dim';

/** Colours where a terminal shows them. */
export function coloured(colour: Colour, text: string): string {
  return process.stdout.isTTY && !process.env.NO_COLOR ? styleText(colour, text) : text;
}

/** Of the terminal; what is not shown in one is not broken into lines. */
const terminalWidth = (): number => (process.stdout.isTTY ? process.stdout.columns : Infinity);
/** With less room than this for the last column, lines are left to the terminal. */
const MIN_ROOM = 20;

/**
 * Aligns rows of cells; each column is as wide as its widest cell. Further lines of the last cell, and text that is too
 * long for the terminal, continue below it.
 */
export function aligned(
  rows: readonly (readonly string[])[],
  indent = '  ',
  width = terminalWidth(),
): string[] {
  const widths = (rows[0] ?? []).map((_cell, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const left = indent + ' '.repeat(widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 0));
  return rows.map((row) => {
    const cells = row.map((cell, column) =>
      column < row.length - 1
        ? cell.padEnd(widths[column]!)
        : broken(cell, width - left.length).replaceAll('\n', `\n${left}`),
    );
    return `${indent}${cells.join('  ')}`.trimEnd();
  });
}

/** Lines of at most so many characters, unless a word is longer; lines that begin with spaces keep them. */
function broken(text: string, room: number): string {
  if (room < MIN_ROOM || room === Infinity) return text;
  return text
    .split('\n')
    .map((line) => line.replace(new RegExp(`(.{1,${room}})( +|$)`, 'g'), '$1\n').trimEnd())
    .join('\n');
}
