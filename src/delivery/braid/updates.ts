import { formatVersions } from './version-list';
import { MERGE_TYPE } from './braid-headers';

/** The versions of an update and their parents. A root has no parents. */
export interface Step {
  readonly version: readonly string[];
  readonly parents: readonly string[];
}

const END = Buffer.from('\r\n\r\n');

/** The padding between two updates, and the heartbeat. */
export const BLANK_LINE = Buffer.from('\r\n');

/** The whole state. */
export function snapshotUpdate(step: Step, body: object): Buffer {
  const content = Buffer.from(JSON.stringify(body));
  const head = [
    ...stepLines(step),
    'Content-Type: application/json',
    `Merge-Type: ${MERGE_TYPE}`,
    `Content-Length: ${content.length}`,
  ];
  return update(head, content);
}

/**
 * A patch of one part of the state. It uses `Patches: 1`: older clients take a patch in the head of the update for a
 * snapshot. It has no status line, which they do not know.
 */
export function patchUpdate(step: Step, range: string, content: Buffer): Buffer {
  const part = [`Content-Length: ${content.length}`, `Content-Range: json ${range}`];
  return update([...stepLines(step), 'Patches: 1', '', ...part], content);
}

/** A version without a change of the state. */
export function emptyUpdate(step: Step): Buffer {
  return Buffer.from(`${[...stepLines(step), 'Patches: 0'].join('\r\n')}\r\n\r\n`);
}

function stepLines({ version, parents }: Step): string[] {
  return [
    ...(version.length === 0 ? [] : [`Version: ${formatVersions(version)}`]),
    ...(parents.length === 0 ? [] : [`Parents: ${formatVersions(parents)}`]),
  ];
}

function update(lines: string[], content: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), content, END]);
}
