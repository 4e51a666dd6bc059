import { distance } from 'fastest-levenshtein';
import { SETTINGS } from './setting-names';

/** The most edits between similar names: a missing, wrong or doubled letter, or two swapped letters. */
const MOST_EDITS = 2;
/** Shorter names are similar to too many others. */
const SHORTEST = 6;
const PREFIX = 'XFCHAT_';
/** Kubernetes sets such variables in each container for a service named "xfchat". */
const SERVICE_LINK = /^XFCHAT_(SERVICE_|PORT_\d)/;

/** Sentences about variables that nothing reads although they look like settings. Unset ones do not count. */
export function unknownVariables(environment: Record<string, string | undefined>): string[] {
  return Object.keys(environment)
    .filter((name) => environment[name] && !SETTINGS.includes(name))
    .flatMap((name) => {
      if (name.startsWith(PREFIX)) return isServiceLink(name, environment[name]!) ? [] : [prefixed(name)];
      const meant = closest(name);
      return meant ? [`${name} is no setting: ${meant} may have been meant`] : [];
    });
}

function isServiceLink(name: string, value: string): boolean {
  return SERVICE_LINK.test(name) || (name === `${PREFIX}PORT` && value.startsWith('tcp://'));
}

function prefixed(name: string): string {
  const bare = name.slice(PREFIX.length);
  const meant = SETTINGS.includes(bare) ? bare : closest(bare);
  const hint = meant ? `; ${meant} may have been meant` : '';
  return `${name} is no setting: no setting begins with ${PREFIX}${hint}`;
}

function closest(name: string): string | undefined {
  if (name.length < SHORTEST) return undefined;
  const [nearest] = SETTINGS.filter((each) => each.length >= SHORTEST)
    .map((setting) => ({ setting, edits: distance(name.toUpperCase(), setting) }))
    .filter(({ edits }) => edits <= MOST_EDITS)
    .sort((a, b) => a.edits - b.edits);
  return nearest?.setting;
}
