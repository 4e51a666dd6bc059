import { applyDecorators } from '@nestjs/common';
import { Transform, type TransformFnParams } from 'class-transformer';
import { IsInt, Max, Min, ValidateBy } from 'class-validator';
import { redisAddress } from '../redis/redis-address';

/** The conversions of text leave other text unchanged, and validation rejects it. */
export const toInteger = ({ value }: TransformFnParams): unknown =>
  typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
export const toBoolean = ({ value }: TransformFnParams): unknown =>
  value === 'true' ? true : value === 'false' ? false : value;
export const toList = ({ value }: TransformFnParams): unknown =>
  typeof value === 'string'
    ? value
        .split(',')
        .map((entry) => entry.trim())
        .filter(Boolean)
    : value;

export const toNumber = ({ value }: TransformFnParams): unknown =>
  typeof value === 'string' && value.trim() ? Number(value) : value;

export const POSTGRES_URL = /^postgres(ql)?:\/\/\S+$/;
export const isPostgresUrl = (text: string): boolean => POSTGRES_URL.test(text);
export const WEB_ADDRESS = {
  protocols: ['http', 'https'],
  require_protocol: true,
  require_tld: false,
  allow_underscores: true,
};

export const IsRedisUrl = (): PropertyDecorator =>
  ValidateBy({
    name: 'isRedisUrl',
    validator: {
      validate: (value: unknown) => faultOfRedisUrl(value) === undefined,
      defaultMessage: (validated) => faultOfRedisUrl(validated?.value) ?? '',
    },
  });
function faultOfRedisUrl(value: unknown): string | undefined {
  try {
    redisAddress(String(value));
    return undefined;
  } catch (error) {
    return (error as TypeError).message;
  }
}

/** Text with a whole number in these bounds. */
export const IsWholeNumber = (least: number, most?: number): PropertyDecorator =>
  applyDecorators(...(most === undefined ? [] : [Max(most)]), Min(least), IsInt(), Transform(toInteger));
