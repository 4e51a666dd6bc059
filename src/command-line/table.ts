import { styleText } from 'node:util';

export type Colour = 'green' | 'red' | 'yellow' | 'bold' | 'dim';

/** Colours where a terminal shows them. */
export function coloured(colour: Colour, text: string): string {
  return process.stdout.isTTY && !process.env.NO_COLOR ? styleText(colour, text) : text;
}

/** Rows of cells, each column as wide as its widest cell; further lines of the last cell stand below its first. */
export function aligned(rows: readonly (readonly string[])[], indent = '  '): string[] {
  const widths = (rows[0] ?? []).map((_cell, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const left = indent + ' '.repeat(widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 0));
  return rows.map((row) => {
    const cells = row.map((cell, column) =>
      column < row.length - 1 ? cell.padEnd(widths[column]!) : cell.replaceAll('\n', `\n${left}`),
    );
    return `${indent}${cells.join('  ')}`.trimEnd();
  });
}
