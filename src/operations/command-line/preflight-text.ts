import type { ChecklistItem, Status } from '../preflight/checklist';
import { NOT_LOOKED_AT } from '../preflight/preflight';
import { aligned, coloured, type Colour } from './table';

const WORDS: Record<Status, string> = { green: 'ok', red: 'NO', person: '?' };
const COLOURS: Record<Status, Colour> = { green: 'green', red: 'red', person: 'yellow' };

export function preflightText(version: string, checks: readonly ChecklistItem[]): string {
  const rows = aligned(checks.map(({ name, status, evidence }) => [WORDS[status], name, evidence]));
  return [
    coloured('bold', `Before the deployment of XFChat ${version}`),
    '',
    ...rows.map((row, index) => {
      const { status } = checks[index]!;
      return status === 'green' ? row : coloured(COLOURS[status], row);
    }),
    '',
    verdict(checks),
  ].join('\n');
}

function verdict(checks: readonly ChecklistItem[]): string {
  const names = (status: Status, except?: string): string[] =>
    checks
      .filter((check) => check.status === status && !(except && check.evidence.startsWith(except)))
      .map(({ name }) => name);
  const [red, open] = [names('red', NOT_LOOKED_AT), names('person')];
  if (red.length > 0) return coloured('red', `no-go: ${red.join(', ')}`);
  if (open.length > 0)
    return coloured(
      'yellow',
      `not yet: a person must decide about ${open.join(', ')}; --confirm ${open.join(' ')}`,
    );
  return coloured('green', 'go');
}
