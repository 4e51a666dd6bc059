import { getMetadataStorage, ValidationTypes } from 'class-validator';
import { normalFormsOf } from './normalized';
import { predicateOf } from './own-rule';

export type Dto<T extends object = object> = new () => T;
type RuleMetadata = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];
type Condition = (payload: object, value: unknown) => boolean;
type Rule = (value: unknown, payload: object) => unknown;
/** Whether a payload is certainly valid as it is. After false, the rules themselves have to decide. */
export type QuickCheck = (payload: unknown) => boolean;

interface Field {
  readonly isRequired: boolean;
  /** Fields to which the condition does not apply are not checked. */
  readonly conditions: readonly Condition[];
  readonly rules: readonly Rule[];
}

/**
 * Turns the rules of a DTO into one function, which costs a small part of what class-transformer and class-validator
 * do. It accepts only payloads that both would leave unchanged: plain objects of known fields. Their values are
 * primitive or lists of such, follow every rule and are in their normal form.
 * @returns undefined for a DTO with a kind of rule that it does not know, such as one for the objects in a list
 */
export function compileQuickCheck(dto: Dto): QuickCheck | undefined {
  const storage = getMetadataStorage();
  const metadata = storage.getTargetValidationMetadatas(dto, '', false, false);
  const fields = new Map<string, Field>();
  for (const [name, rules] of Object.entries(storage.groupByPropertyName(metadata))) {
    const field = compileField(dto, name, rules);
    if (!field) return undefined;
    fields.set(name, field);
  }
  // class-validator accepts nothing at all then.
  return fields.size === 0 ? undefined : write(fields);
}

/**
 * Writes the function as text, with one call after the other. The engine compiles each call for the function that it calls.
 * A loop over the rules would share one call among all of them, which takes a quarter longer.
 */
function write(fields: ReadonlyMap<string, Field>): QuickCheck {
  const functions: unknown[] = [];
  const nameOf = (used: unknown): string => `f${functions.push(used) - 1}`;
  const flat = nameOf(isFlatList);
  const cases = [...fields].map(
    ([name, { isRequired, conditions, rules }]) => `case ${JSON.stringify(name)}: {
      const value = payload[${JSON.stringify(name)}];
      if (typeof value === 'object' && value !== null && !${flat}(value)) return false;
      ${conditions.map((condition) => unless(`${nameOf(condition)}(payload, value)`)).join(' ')}
      ${rules.map((rule) => `if (${nameOf(rule)}(value, payload) !== true) return false;`).join(' ')}
      ${isRequired ? 'missing--;' : ''}
      break;
    }`,
  );
  const required = [...fields.values()].filter(({ isRequired }) => isRequired).length;
  const source = `return (payload) => {
    if (typeof payload !== 'object' || payload === null) return false;
    if (Object.getPrototypeOf(payload) !== Object.prototype) return false;
    let missing = ${required};
    for (const name in payload) {
      switch (name) {
        ${cases.join('\n')}
        default: return false;
      }
    }
    return missing === 0;
  };`;
  const names = functions.map((_used, index) => `f${index}`);
  // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- it compiles text that this file makes from DTOs, never input
  return new Function(...names, source)(...functions) as QuickCheck;
}

/** A value that no rule checks could be anything. */
function unless(applies: string): string {
  return `if (!${applies}) { if (value === undefined) break; return false; }`;
}

function compileField(dto: Dto, name: string, metadata: readonly RuleMetadata[]): Field | undefined {
  const conditions: Condition[] = [];
  const rules: Rule[] = [];
  for (const rule of metadata) {
    if (rule.groups?.length || rule.validateIf) return undefined;
    if (rule.type === ValidationTypes.CONDITIONAL_VALIDATION) conditions.push(conditionOf(rule));
    else if (rule.type === ValidationTypes.CUSTOM_VALIDATION) rules.push(...compileRule(dto, rule));
    else return undefined;
  }
  let looksAtOthers = false;
  const payloadWithout = new Proxy({}, { get: (_target, key) => void (looksAtOthers ||= key !== name) });
  const isRequired = conditions.every((applies) => applies(payloadWithout, undefined));
  if (looksAtOthers) return undefined;
  const names = new Set(metadata.map((rule) => rule.name));
  const normalForms = normalFormsOf(dto.prototype as object, name)
    .filter(({ impliedBy }) => impliedBy === undefined || !names.has(impliedBy))
    .map(
      ({ toNormal }): Rule =>
        (value) =>
          isSame(toNormal(value), value),
    );
  return { isRequired, conditions, rules: [...rules, ...normalForms] };
}

const conditionOf = ({ constraints }: RuleMetadata): Condition => (constraints as [Condition])[0];

function compileRule(dto: Dto, { constraintCls, propertyName, constraints, each }: RuleMetadata): Rule[] {
  return getMetadataStorage()
    .getTargetValidatorConstraints(constraintCls)
    .map(({ instance }) => {
      const property = propertyName;
      const targetName = dto.name;
      const rule: Rule =
        predicateOf(constraints as unknown[] | undefined) ??
        ((value, object) => instance.validate(value, { value, object, property, targetName, constraints }));
      if (!each) return rule;
      return (value, payload) => {
        if (!Array.isArray(value)) return rule(value, payload);
        for (const entry of value) if (rule(entry, payload) !== true) return false;
        return true;
      };
    });
}

function isFlatList(value: object): boolean {
  if (!Array.isArray(value)) return false;
  for (const entry of value) if (typeof entry === 'object') return false;
  return true;
}

function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false;
  return one.every((entry, index) => entry === other[index]);
}
