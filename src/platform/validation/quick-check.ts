import { getMetadataStorage, ValidationTypes } from 'class-validator';
import { normalFormsOf } from './normalized';

export type Dto<T extends object = object> = new () => T;
type RuleMetadata = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];
type Condition = (payload: object, value: unknown) => boolean;
type Rule = (value: unknown, payload: object) => unknown;
/** Whether a payload is valid as it stands. False says nothing: the rules themselves have to be asked. */
export type QuickCheck = (payload: unknown) => boolean;

interface Field {
  readonly isRequired: boolean;
  readonly accepts: (value: unknown, payload: object) => boolean;
}

/**
 * Turns the rules of a DTO into one function, which costs a small part of what class-transformer and class-validator
 * do. It accepts only what both would leave as it is: plain objects of known fields, whose values are primitive or lists
 * of such, follow every rule and are in their normal form.
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
  if (fields.size === 0) return undefined;
  const required = [...fields.values()].filter(({ isRequired }) => isRequired).length;
  return (payload) => {
    if (typeof payload !== 'object' || payload === null) return false;
    if (Object.getPrototypeOf(payload) !== Object.prototype) return false;
    let missing = required;
    for (const name in payload) {
      const field = fields.get(name);
      if (!field?.accepts((payload as Record<string, unknown>)[name], payload)) return false;
      if (field.isRequired) missing--;
    }
    return missing === 0;
  };
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
    .map(({ toNormal }) => toNormal);
  const accepts = (value: unknown, payload: object): boolean => {
    if (typeof value === 'object' && value !== null && !isFlatList(value)) return false;
    // What no rule is asked about could be anything.
    for (const applies of conditions) if (!applies(payload, value)) return value === undefined;
    for (const rule of rules) if (rule(value, payload) !== true) return false;
    for (const toNormal of normalForms) if (!isSame(toNormal(value), value)) return false;
    return true;
  };
  return { isRequired, accepts };
}

const conditionOf = ({ constraints }: RuleMetadata): Condition => (constraints as [Condition])[0];

function compileRule(dto: Dto, { constraintCls, propertyName, constraints, each }: RuleMetadata): Rule[] {
  return getMetadataStorage()
    .getTargetValidatorConstraints(constraintCls)
    .map(({ instance }) => {
      const property = propertyName;
      const targetName = dto.name;
      const rule: Rule = (value, object) =>
        instance.validate(value, { value, object, property, targetName, constraints });
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
