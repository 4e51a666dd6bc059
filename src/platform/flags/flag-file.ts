import { FlagdCore, MemoryStorage } from '@openfeature/flagd-core';
import { FLAG_NAMES, FLAGS, type FlagName } from './catalogue';

/** The content of a file. */
export interface OpenFlags {
  readonly core: FlagdCore;
  readonly definitions: Readonly<Record<string, { targeting?: object }>>;
}

/** The state of a flag, for operators. */
export interface FlagState {
  readonly name: FlagName;
  /** The share of people for whom it is on; null if a more complex rule decides that. */
  readonly onPercent: number | null;
  readonly source: 'file' | 'default';
}

const SILENT = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
/** An arbitrary user, to resolve flags that are the same for everybody. */
const SOMEBODY = { targetingKey: '00000000-0000-7000-8000-000000000000' };

/**
 * The flags of a file in the format of flagd.
 * @throws Error that describes the fault: no JSON, not the format, or a known flag that is not true or false
 */
export function openFlags(text: string): OpenFlags {
  const { flags: definitions } = JSON.parse(text) as { flags: OpenFlags['definitions'] };
  // Rules are interpreted and not compiled, so that a file of flags cannot become code.
  const storage = new MemoryStorage(SILENT, { disableDynamicCodeGeneration: true });
  try {
    storage.setConfigurations(text, true);
  } catch (error) {
    throw new Error(whatIsWrong(error as Error), { cause: error });
  }
  const core = new FlagdCore(storage, SILENT);
  for (const name of FLAG_NAMES) {
    const flag = core.getFlag(name);
    if (!flag || flag.state === 'DISABLED') continue;
    const wrong = [...flag.variants].find(([, value]) => typeof value !== 'boolean');
    if (wrong) throw new Error(`${name}: the variant ${wrong[0]} is neither true nor false`);
    const { errorMessage } = core.resolveBooleanEvaluation(name, FLAGS[name].default, SOMEBODY, SILENT);
    if (errorMessage !== undefined) throw new Error(errorMessage);
  }
  return { core, definitions };
}

/** The first fault of the schema validation, out of a long list. */
function whatIsWrong({ message, cause }: Error): string {
  const [, place, fault] = /"instancePath": "([^"]*)"[^]*?"message": "([^"]*)"/.exec(message) ?? [];
  if (place !== undefined) return `${place || '/'} ${fault}`;
  return cause instanceof Error ? cause.message : message;
}

/** @param flags undefined: without a file */
export function stateOfFlags(flags: OpenFlags | undefined): FlagState[] {
  return FLAG_NAMES.map((name) => {
    const flag = flags?.core.getFlag(name);
    if (!flag || flag.state === 'DISABLED')
      return { name, onPercent: FLAGS[name].default ? 100 : 0, source: 'default' };
    const { variants, defaultVariant } = flag;
    const { targeting } = flags!.definitions[name]!;
    const isOn = (variant: unknown): boolean => variants.get(String(variant)) === true;
    const onPercent = targeting ? shareOf(targeting, isOn) : isOn(defaultVariant) ? 100 : 0;
    return { name, onPercent, source: 'file' };
  });
}

/** Names in the file that this version does not know. */
export function unknownFlags({ definitions }: OpenFlags): string[] {
  return Object.keys(definitions).filter((name) => !(FLAG_NAMES as string[]).includes(name));
}

/** The share of a rule that is only `{"fractional": [["on", 25], ["off", 75]]}`. */
function shareOf(targeting: object, isOn: (variant: unknown) => boolean): number | null {
  const { fractional, ...others } = targeting as { fractional?: unknown };
  if (!Array.isArray(fractional) || Object.keys(others).length > 0) return null;
  const parts = fractional.map((part: unknown): { variant: unknown; weight: unknown } | undefined =>
    Array.isArray(part) ? { variant: part[0], weight: part[1] ?? 1 } : undefined,
  );
  let [on, all] = [0, 0];
  for (const part of parts) {
    if (typeof part?.variant !== 'string' || typeof part.weight !== 'number') return null;
    all += part.weight;
    if (isOn(part.variant)) on += part.weight;
  }
  return all > 0 ? Math.round((10_000 * on) / all) / 100 : null;
}
