import { applyDecorators } from '@nestjs/common';
import { Transform, type TransformFnParams } from 'class-transformer';
import 'reflect-metadata';

interface NormalForm {
  /** Returns a value that is in its normal form as it is. */
  readonly toNormal: (value: unknown) => unknown;
  /** The name of a rule that accepts only normal forms. */
  readonly impliedBy?: string;
}

const NORMAL_FORMS = 'xfchat:normal-forms';

/**
 * Normalizes a value before the rules check it. class-transformer does that, but does not expose the function. So
 * the quick check finds it here.
 */
export function normalized(toNormal: NormalForm['toNormal'], impliedBy?: string): PropertyDecorator {
  const note: PropertyDecorator = (dto, key) =>
    Reflect.defineMetadata(NORMAL_FORMS, [...normalFormsOf(dto, key), { toNormal, impliedBy }], dto, key);
  return applyDecorators(
    Transform(({ value }: TransformFnParams): unknown => toNormal(value)),
    note,
  );
}

/** @param dto the prototype of the class */
export const normalFormsOf = (dto: object, key: string | symbol): readonly NormalForm[] =>
  (Reflect.getMetadata(NORMAL_FORMS, dto, key) as NormalForm[] | undefined) ?? [];
