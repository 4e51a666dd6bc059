/** A state machine as the code has it: the effect of each trigger in each state. */
export type StateTable = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Each pair of a state and a trigger, with its effect. */
export function cellsOf<S extends string, T extends string, E extends string>(
  table: Readonly<Record<S, Readonly<Record<T, E>>>>,
): [state: S, trigger: T, effect: E][] {
  return (Object.keys(table) as S[]).flatMap((state) =>
    (Object.keys(table[state]) as T[]).map((trigger): [S, T, E] => [state, trigger, table[state][trigger]]),
  );
}

/** The rows of a table of `docs/states.md`, each with the trigger in its first cell. */
export function documentedRows(document: string, table: StateTable): string[][] {
  const [, rows] = document.split(`| Trigger | ${Object.keys(table).join(' | ')} |\n`);
  if (rows === undefined) throw new Error(`no table of the states ${Object.keys(table).join(', ')}`);
  return rows
    .split('\n\n', 1)[0]!
    .split('\n')
    .slice(1)
    .map((row) => row.split('|').map((cell) => cell.trim()))
    .map(([, trigger, ...effects]) => [/`(.*?)`/.exec(trigger!)![1]!, ...effects.slice(0, -1)]);
}

/** The same rows, as the code has them. */
export function decidedRows(table: StateTable): string[][] {
  const states = Object.keys(table);
  const written = (effect: string): string => {
    if (effect === 'stay') return '—';
    return states.includes(effect) ? `→ ${effect}` : effect;
  };
  const triggers = Object.keys(table[states[0]!]!);
  return triggers.map((trigger) => [trigger, ...states.map((state) => written(table[state]![trigger]!))]);
}
