import type { Type } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants';
import type { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum';
import 'reflect-metadata';

/** The DTO that a handler takes as its body, query or payload. Nest numbers body and payload alike. */
export function dtoOf(type: Type, name: string, kind: RouteParamtypes): Type<object> | undefined {
  const parameters = (Reflect.getMetadata(ROUTE_ARGS_METADATA, type, name) ??
    Reflect.getMetadata(ROUTE_ARGS_METADATA, type.prototype as object, name) ??
    {}) as Record<string, { index: number }>;
  const types = Reflect.getMetadata('design:paramtypes', type.prototype as object, name) as
    Type<object>[] | undefined;
  const found = Object.entries(parameters).find(([key]) => key.startsWith(`${kind}:`));
  return found && types?.[found[1].index];
}
