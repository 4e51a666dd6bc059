import type { Page } from './types.ts';
import type { Routes } from './wire.generated.ts';

/** A documented route of the server: the method, and the path below `/api/v1`. */
export type Route = keyof Routes;

/** One part of the input. A route whose document says `null` has no such part. */
type Part<Name extends string, Value> = [Value] extends [null]
  ? unknown
  : Partial<Record<never, never>> extends Value
    ? { readonly [Key in Name]?: Value }
    : { readonly [Key in Name]: Value };

export type RouteInput<R extends Route> = Part<'params', Routes[R]['params']> &
  Part<'query', Routes[R]['query']> &
  Part<'body', Routes[R]['body']>;

export type RouteAnswer<R extends Route> = [Routes[R]['answer']] extends [null]
  ? undefined
  : Routes[R]['answer'];

/** The input is optional when none of its parts is required. */
export type RouteArguments<R extends Route> =
  Partial<Record<never, never>> extends RouteInput<R> ? [input?: RouteInput<R>] : [input: RouteInput<R>];

/** Sends a request to a route. @throws XFChatError */
export type Call = <R extends Route>(route: R, ...input: RouteArguments<R>) => Promise<RouteAnswer<R>>;

/** Makes a typed `Call` from a function that takes a method, a path and a body. */
export function callBy(request: (method: string, path: string, body: unknown) => Promise<unknown>): Call {
  const call = async (route: Route, input: AnyInput = {}): Promise<unknown> => {
    const { method, path } = requestOf(route, input);
    return request(method, path, input.body);
  };
  return call as Call;
}

/** The input of any route, without its types. */
interface AnyInput {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
}

/** The method and path of a request. Undefined values are left out of the query. */
function requestOf(route: Route, { params = {}, query = {} }: AnyInput) {
  const [method, template] = route.split(' ') as [string, string];
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name]!));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  return { method, path: search.size > 0 ? `${path}?${search.toString()}` : path };
}

/** The page size that the client asks for, which is the server's maximum. */
export const PAGE_SIZE = 200;

/** Reads all entries of a list, page by page. */
export async function allOf<Item>(read: (cursor?: string) => Promise<Page<Item>>): Promise<Item[]> {
  const found: Item[] = [];
  let cursor: string | undefined;
  do {
    const page = await read(cursor);
    found.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return found;
}
