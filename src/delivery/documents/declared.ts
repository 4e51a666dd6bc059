import { RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA, MODULE_METADATA, PATH_METADATA } from '@nestjs/common/constants';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum';
import { GATEWAY_METADATA, MESSAGE_METADATA } from '@nestjs/websockets/constants';
import {
  commandDocument,
  eventDocuments,
  groupDocument,
  routeDocument,
  type CommandDocument,
  type EventDocuments,
  type RouteDocument,
} from '../../platform/documents/documented';
import { dtoOf } from '../../platform/documents/dto-of';
import { PUBLIC } from '../../platform/http/public';

type Dto = Type<object>;
// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- a method of a controller, with any parameters and result
type Handler = Function;

export interface DeclaredRoute {
  readonly method: string;
  /** As in OpenAPI: `/api/v1/users/{userId}`. */
  readonly path: string;
  readonly group: string;
  readonly name: string;
  readonly isPublic: boolean;
  readonly pathParameters: readonly string[];
  readonly body: Dto | undefined;
  readonly query: Dto | undefined;
  readonly document: RouteDocument;
}

export interface DeclaredCommand {
  readonly event: string;
  readonly group: string;
  readonly payload: Dto;
  readonly document: CommandDocument;
}

export interface Declarations {
  readonly routes: readonly DeclaredRoute[];
  readonly commands: readonly DeclaredCommand[];
  readonly events: EventDocuments;
}

/** Collects the declarations of the modules' controllers and gateways. */
export function declarationsOf(modules: readonly Type[]): Declarations {
  const controllers = modules.flatMap((module) => partsOf(module, MODULE_METADATA.CONTROLLERS));
  const gateways = modules
    .flatMap((module) => partsOf(module, MODULE_METADATA.PROVIDERS))
    .filter((provider) => Reflect.hasMetadata(GATEWAY_METADATA, provider));
  return {
    routes: controllers.flatMap(routesOf),
    commands: gateways.flatMap(commandsOf),
    events: Object.assign({}, ...gateways.map(eventDocuments)) as EventDocuments,
  };
}

/** The classes that a module lists; providers without a class declare nothing. */
function partsOf(module: Type, kind: string): Type[] {
  const parts = (Reflect.getMetadata(kind, module) ?? []) as unknown[];
  return parts.filter((part): part is Type => typeof part === 'function');
}

function handlersOf(type: Type): { name: string; handler: Handler }[] {
  const prototype = type.prototype as Record<string, unknown>;
  return Object.getOwnPropertyNames(prototype)
    .filter((name) => name !== 'constructor' && typeof prototype[name] === 'function')
    .map((name) => ({ name, handler: prototype[name] as Handler }));
}

function routesOf(controller: Type): DeclaredRoute[] {
  const base = Reflect.getMetadata(PATH_METADATA, controller) as string;
  return handlersOf(controller).flatMap(({ name, handler }) => {
    const method = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined;
    if (method === undefined) return [];
    const document = routeDocument(handler);
    if (!document) throw new Error(`${controller.name}.${name} is not documented`);
    const path = `/${base}/${Reflect.getMetadata(PATH_METADATA, handler) as string}`
      .replaceAll(/\/+/g, '/')
      .replace(/(.)\/$/, '$1');
    return {
      method: RequestMethod[method].toLowerCase(),
      path: path.replaceAll(/:(\w+)/g, '{$1}'),
      group: groupDocument(controller) ?? controller.name.replace(/Controller$/, ''),
      name,
      isPublic: [handler, controller].some((target) => Reflect.hasMetadata(PUBLIC, target)),
      pathParameters: [...path.matchAll(/:(\w+)/g)].map(([, parameter]) => parameter!),
      body: document.body ?? dtoOf(controller, name, RouteParamtypes.BODY),
      query: document.query ?? dtoOf(controller, name, RouteParamtypes.QUERY),
      document,
    };
  });
}

function commandsOf(gateway: Type): DeclaredCommand[] {
  return handlersOf(gateway).flatMap(({ name, handler }) => {
    const document = commandDocument(handler);
    const event = Reflect.getMetadata(MESSAGE_METADATA, handler) as string | undefined;
    if (event === undefined) return [];
    const payload = dtoOf(gateway, name, RouteParamtypes.BODY);
    if (!document || !payload) throw new Error(`${gateway.name}.${name} is not documented`);
    return { event, group: gateway.name.replace(/Gateway$/, ''), payload, document };
  });
}
