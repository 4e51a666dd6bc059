import { ValidateBy, type ValidationOptions } from 'class-validator';

type Predicate = (value: unknown) => boolean;

const predicates = new WeakSet<object>();

/**
 * A rule that class-validator does not have. Its predicate is noted, so that the quick check calls it directly: the way
 * through class-validator costs more than most predicates do.
 */
export function ownRule(
  name: string,
  follows: Predicate,
  fault: string | ((value: unknown) => string | undefined),
  options?: ValidationOptions,
): PropertyDecorator {
  predicates.add(follows);
  const validator = {
    validate: follows,
    defaultMessage: (context?: { value: unknown }): string =>
      typeof fault === 'string' ? fault : (fault(context?.value) ?? ''),
  };
  return ValidateBy({ name, constraints: [follows], validator }, options);
}

/** @param constraints those of a rule's metadata */
export function predicateOf(constraints: readonly unknown[] | undefined): Predicate | undefined {
  const first = constraints?.[0];
  return typeof first === 'function' && predicates.has(first) ? (first as Predicate) : undefined;
}
