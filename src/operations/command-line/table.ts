import { styleText } from 'node:util';

export type Colour = 'green' | 'red' | 'yellow' | 'bold' | 'dim';

/** Adds a colour if the output is a terminal that shows colours. */
export function coloured(colour: Colour, text: string): string {
  return process.stdout.isTTY && !process.env.NO_COLOR ? styleText(colour, text) : text;
}

/** Infinite without a terminal: then no line is wrapped. */
const terminalWidth = (): number => (process.stdout.isTTY ? process.stdout.columns : Infinity);
/** With fewer characters than this for the last column, the terminal wraps the lines. */
const MIN_ROOM = 20;

/**
 * Aligns rows of cells; each column is as wide as its widest cell. The last cell continues below itself if it has
 * several lines or is too long for the terminal.
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

/** Wraps lines at `room` characters, unless a word is longer. Leading spaces of a line are kept. */
function broken(text: string, room: number): string {
  if (room < MIN_ROOM || room === Infinity) return text;
  return text
    .split('\n')
    .map((line) => line.replace(new RegExp(`(.{1,${room}})( +|$)`, 'g'), '$1\n').trimEnd())
    .join('\n');
}
