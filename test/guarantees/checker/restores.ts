import type { Entry } from '../history/history';

/**
 * A restored database forgets all changes after its backup, and shows that by its epoch. Acknowledgements between the
 * two then count as unknown outcomes, and observations between them belong to a discarded history. The rest must
 * satisfy every guarantee.
 */
export function asRestored(history: readonly Entry[]): Entry[] {
  let entries = [...history];
  for (const restore of history.filter(({ op, type }) => op === 'restore' && type === 'ok')) {
    const backup = history.findLast(
      ({ op, type, t }) => op === 'backup' && type === 'invoke' && t < restore.t,
    );
    if (!backup) throw new Error('malformed history: a restore without a backup');
    const isForgotten = ({ t, op }: Entry): boolean =>
      t > backup.t && t < restore.t && op !== 'backup' && op !== 'restore';
    entries = entries.flatMap((entry) => {
      if (!isForgotten(entry) || entry.type === 'invoke') return entry;
      if (['hear', 'view', 'final', 'audit'].includes(entry.op)) return [];
      return entry.type === 'ok' ? { ...entry, type: 'info' as const, value: {} } : entry;
    });
  }
  return entries;
}
