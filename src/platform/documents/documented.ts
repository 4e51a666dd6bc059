import 'reflect-metadata';
import type { Observable } from 'rxjs';
import type { ProblemKind } from '../problems/problem-kind';
import type { Schema } from './schema';

/** An answer without a body. */
export const NO_CONTENT = { isEmpty: true } as const;
/** An answer that stays open until the client leaves, in the framing of Braid (docs/braid.md). */
export interface Stream {
  readonly isStream: true;
  /** The subject of each update: the resource as a whole. */
  readonly resource: Schema<unknown>;
}
export const streamOf = (resource: Schema<unknown>): Stream => ({ isStream: true, resource });
/** An answer that is not JSON. */
export interface OtherContent {
  readonly mediaType: string;
}

type Answer = Schema<unknown> | typeof NO_CONTENT | Stream | OtherContent;
type Dto = new () => object;
type Answers = Readonly<Record<number, Answer>>;
type ValueOf<A> = A extends typeof NO_CONTENT
  ? void
  : A extends Stream
    ? Observable<unknown>
    : A extends OtherContent
      ? string
      : A extends Schema<infer T>
        ? T
        : never;
type ValuesOf<A extends Answers> = { [S in keyof A]: ValueOf<A[S]> }[keyof A];
/** A method that returns the documented type; any other method does not compile. */
type Giving<T> = <M extends (...parameters: never[]) => T | Promise<T>>(
  target: object,
  key: string,
  method: TypedPropertyDescriptor<M>,
) => void;

/** The documentation of an HTTP route that its decorators and DTOs do not already contain. */
export interface RouteDocument<A extends Answers = Answers> {
  readonly summary: string;
  readonly description?: string;
  readonly answers: A;
  /** The route's own problems; those of every route of its kind are added (`common-problems.ts`). */
  readonly problems?: readonly ProblemKind[];
  /** The checks that a request passes: `service` all of it, `page` no database, `probe` not even the drain. */
  readonly kind?: 'service' | 'page' | 'probe';
  /** The address of what a 201 has created, from its body. Becomes `Location`. */
  readonly location?: (created: never) => string;
  /** The input that the method validates itself (`toValid`); other methods have it as a parameter. */
  readonly body?: Dto;
  readonly query?: Dto;
  /** Set when the route accepts one file as `multipart/form-data`, in the field `file`: its description. */
  readonly file?: string;
  /** Request headers that only this route uses: name → description. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A command of the socket interface. */
export interface CommandDocument<T = unknown> {
  readonly summary: string;
  readonly description?: string;
  /** `data` of its acknowledgement. */
  readonly answer: Schema<T>;
  readonly problems: readonly ProblemKind[];
  readonly isWrite: boolean;
  /**
   * Too frequent for Nest's chain of guards, pipes and interceptors: the middleware calls the method with the caller and
   * the valid payload.
   */
  readonly isDirect?: boolean;
}

/** An event that the server sends. */
export type EventDocument = { readonly summary: string } & (
  | { readonly payload: Schema<unknown> }
  /** The payload is a problem with one of these codes. */
  | { readonly problems: readonly ProblemKind[] }
);
export type EventDocuments = Readonly<Record<string, EventDocument>>;

const ROUTE = 'xfchat:route';
const COMMAND = 'xfchat:command';
const EVENTS = 'xfchat:events';
const GROUP = 'xfchat:group';

export function Route<const A extends Answers>(document: RouteDocument<A>): Giving<ValuesOf<A>> {
  return (_target, _key, method) => Reflect.defineMetadata(ROUTE, document, method.value!);
}

export function Command<T>(document: CommandDocument<T>): Giving<T> {
  return (_target, _key, method) => Reflect.defineMetadata(COMMAND, document, method.value!);
}

/** The events that a gateway sends, by name. */
export function Emits(events: EventDocuments): ClassDecorator {
  return (gateway) => Reflect.defineMetadata(EVENTS, events, gateway);
}

/** The group of a controller's routes, when it is not the name of the controller. */
export function DocumentedAs(group: string): ClassDecorator {
  return (controller) => Reflect.defineMetadata(GROUP, group, controller);
}

export const groupDocument = (controller: object): string | undefined =>
  Reflect.getMetadata(GROUP, controller) as string | undefined;

// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- a method of a controller, with any parameters and result
export const routeDocument = (handler: Function): RouteDocument | undefined =>
  Reflect.getMetadata(ROUTE, handler) as RouteDocument | undefined;

// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- a method of a controller, with any parameters and result
export const commandDocument = (handler: Function): CommandDocument | undefined =>
  Reflect.getMetadata(COMMAND, handler) as CommandDocument | undefined;

export const eventDocuments = (gateway: object): EventDocuments =>
  (Reflect.getMetadata(EVENTS, gateway) as EventDocuments | undefined) ?? {};
