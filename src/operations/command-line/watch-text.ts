import type { Target } from '../watch/targets';
import type { WatchReport } from '../watch/watch';
import { inTime } from '../watch/wording';
import { aligned, coloured } from './table';

export function watchText({ nodes, targets, rollback, watchedSeconds, complete }: WatchReport): string {
  const rows = aligned(targets.map(({ name, goal, seen, met }) => [wordFor(met), name, goal, seen]));
  return [
    `watched ${nodes.map(({ url }) => url).join(', ')} for ${inTime(watchedSeconds)}${complete ? '' : ' (ended early)'}`,
    '',
    ...rows.map((row, index) => painted(row, targets[index]!.met)),
    '',
    ...rollback.map(({ criterion, node, evidence }) =>
      coloured('red', `rollback criterion met: ${criterion} at ${node}: ${evidence}`),
    ),
    verdict(targets, rollback.length > 0, complete),
  ].join('\n');
}

function verdict(targets: readonly Target[], isRollback: boolean, isComplete: boolean): string {
  if (isRollback)
    return coloured('red', 'roll back: see docs/runbook-procedures.md, "Back to the version before"');
  const missed = targets.filter(({ met }) => met === false).map(({ name }) => name);
  if (missed.length > 0)
    return coloured('yellow', `targets missed: ${missed.join(', ')}; nothing calls for a rollback`);
  return isComplete
    ? coloured('green', 'no target was missed')
    : coloured('yellow', 'no target was missed so far');
}

const wordFor = (met: boolean | null): string => (met === null ? '-' : met ? 'ok' : 'MISSED');

function painted(row: string, met: boolean | null): string {
  return met === null ? coloured('dim', row) : met ? row : coloured('red', row);
}
