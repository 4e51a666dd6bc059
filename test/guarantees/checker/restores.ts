import type { Entry } from '../history/history';

/**
 * A restored database forgets what came after its backup, and says so by its epoch. What was acknowledged between the
 * two has no known outcome then, and what was observed there belongs to a history that is no more. What is left has to
 * keep every promise.
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
