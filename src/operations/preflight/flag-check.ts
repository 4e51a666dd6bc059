import { readFile } from 'node:fs/promises';
import { openFlags, stateOfFlags, unknownFlags, type FlagState } from '../../platform/flags/flag-file';
import { green, red, type ItemResult, type Ground } from './checklist';

/** Checks that this version can read the whole file. A server with an unreadable one keeps its earlier flags. */
export async function checkFlags({ configuration: { FLAGS_FILE: path } }: Ground): Promise<ItemResult> {
  if (path === undefined) return green(`no FLAGS_FILE: ${described(stateOfFlags(undefined))}`);
  const flags = openFlags(await readFile(path, 'utf8'));
  const unknown = unknownFlags(flags);
  if (unknown.length > 0)
    return red(`${path} has flags that this version does not know: ${unknown.join(', ')}. Remove them.`);
  return green(described(stateOfFlags(flags)));
}

const described = (flags: readonly FlagState[]): string =>
  flags
    .map(({ name, onPercent }) => `${name} ${onPercent === null ? 'by a rule' : inWords(onPercent)}`)
    .join(', ');

const inWords = (percent: number): string =>
  percent === 100 ? 'on' : percent === 0 ? 'off' : `on for ${percent} % of the users`;
