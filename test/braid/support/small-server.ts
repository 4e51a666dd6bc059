import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { list } from './exchanges';
import { listIn } from './update-parser';

/** The possible defects of a server. */
export type Defect =
  | 'status 200'
  | 'no length'
  | 'length in characters'
  | 'comment heartbeats'
  | 'heartbeats unasked'
  | 'dropped parents'
  | 'snapshot instead of resuming'
  | 'repeated edits are told again'
  | 'stale edits are taken'
  | 'unknown parents are conflicts'
  | 'old states are forgotten'
  | 'status lines';

interface Version {
  readonly name: string;
  readonly parents: string[];
  readonly text: string;
}

interface Resource {
  readonly versions: Version[];
  readonly streams: Set<ServerResponse>;
}

/** A Braid server in memory that is correct, except for the requested defect. */
export class SmallServer {
  private readonly resources = new Map<string, Resource>();
  private readonly server: Server;
  private readonly heartbeats = new Set<NodeJS.Timeout>();
  private unnamed = 0;

  private constructor(private readonly defect?: Defect) {
    this.server = createServer((request, response) => void this.answer(request, response));
  }

  static async start(defect?: Defect): Promise<SmallServer> {
    const small = new SmallServer(defect);
    await new Promise<void>((resolve) => small.server.listen(0, '127.0.0.1', resolve));
    return small;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/resources`;
  }

  async close(): Promise<void> {
    for (const timer of this.heartbeats) clearInterval(timer);
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    response.setHeader('Vary', 'Version, Parents, Subscribe');
    const path = request.url ?? '';
    if (request.method === 'PUT') return this.put(path, request, response, Buffer.concat(chunks).toString());
    const resource = this.resources.get(path);
    if (!resource) return refuse(response, 404);
    return this.get(resource, request, response);
  }

  private get({ versions, streams }: Resource, request: IncomingMessage, response: ServerResponse): void {
    const { version, parents, subscribe } = listsOf(request);
    const current = versions.at(-1)!;
    const unknown = (ids: string[] = []): string[] =>
      ids.filter((id) => !versions.some(({ name }) => name === id));
    if (subscribe !== undefined && version) return refuse(response, 400);
    if (unknown(version).length > 0) return refuse(response, 432, { Version: list(...unknown(version)) });
    if (unknown(parents).length > 0) return refuse(response, 432, { Parents: list(...unknown(parents)) });
    if (subscribe === undefined && !parents) {
      const isKept = this.defect !== 'old states are forgotten';
      const state = (isKept && versions.find(({ name }) => name === version?.[0])) || current;
      response.setHeader('Version', list(state.name));
      response.end(bodyOf(state));
      return;
    }
    const heartbeats =
      request.headers.heartbeats ?? (this.defect === 'heartbeats unasked' ? '30s' : undefined);
    response.writeHead(this.defect === 'status 200' ? 200 : 209, 'Subscription', {
      'Current-Version': list(current.name),
      ...(subscribe !== undefined && { Subscribe: subscribe }),
      ...(heartbeats && { Heartbeats: String(heartbeats) }),
    });
    response.flushHeaders();
    const from = versions.findIndex(({ name }) => parents?.includes(name));
    const isResumed = parents !== undefined && this.defect !== 'snapshot instead of resuming';
    const missed = isResumed ? versions.slice(from + 1) : [{ ...current, parents: [] }];
    for (const update of missed) this.tell(response, update);
    if (subscribe === undefined) return void response.end();
    streams.add(response);
    response.on('close', () => streams.delete(response));
    if (request.headers.heartbeats) this.beat(response, parseFloat(String(request.headers.heartbeats)));
  }

  private put(path: string, request: IncomingMessage, response: ServerResponse, body: string): void {
    const { version, parents } = listsOf(request);
    const resource = this.resources.get(path) ?? { versions: [], streams: new Set() };
    const { versions, streams } = resource;
    const current = versions.at(-1);
    const name = version?.[0] ?? `unnamed-${++this.unnamed}`;
    const text = textIn(request, body);
    const same = versions.find((known) => known.name === name);
    const answer = (): void => void response.writeHead(200, { Version: list(name) }).end();
    if (same && this.defect !== 'repeated edits are told again')
      return same.text === text ? answer() : refuse(response, 409);
    const unknown = (parents ?? []).filter((id) => !versions.some((known) => known.name === id));
    if (unknown.length > 0 && this.defect !== 'unknown parents are conflicts')
      return refuse(response, 432, { Parents: list(...unknown), 'Retry-After': '1' });
    const isStale = current && parents && parents[0] !== current.name;
    if (isStale && !same && this.defect !== 'stale edits are taken')
      return refuse(response, 409, { 'Current-Version': list(current.name) });
    const made = { name, parents: current ? [current.name] : [], text };
    versions.push(made);
    this.resources.set(path, resource);
    for (const stream of streams) this.tell(stream, made);
    answer();
  }

  private tell(response: ServerResponse, state: Version): void {
    const body = bodyOf(state);
    const length = this.defect === 'length in characters' ? body.length : Buffer.byteLength(body);
    const lines = [
      ...(this.defect === 'status lines' ? ['HTTP 200 OK'] : []),
      `Version: ${list(state.name)}`,
      ...(state.parents.length > 0 && this.defect !== 'dropped parents'
        ? [`Parents: ${list(...state.parents)}`]
        : []),
      ...(this.defect === 'no length' ? [] : [`Content-Length: ${length}`]),
    ];
    response.write(`${lines.join('\r\n')}\r\n\r\n${body}\r\n\r\n`);
  }

  private beat(response: ServerResponse, seconds: number): void {
    const line = this.defect === 'comment heartbeats' ? ': still here\r\n\r\n' : '\r\n';
    const timer = setInterval(() => response.write(line), seconds * 800);
    this.heartbeats.add(timer);
    response.on('close', () => clearInterval(timer));
  }
}

function listsOf({ headers }: IncomingMessage) {
  return {
    version: listIn(headers.version as string | undefined),
    parents: listIn(headers.parents as string | undefined),
    subscribe: headers.subscribe as string | undefined,
  };
}

const bodyOf = ({ text }: Version): string => JSON.stringify({ body: text });

/** The text after a PUT of a snapshot, of one patch, or of several, of which the last counts. */
function textIn({ headers }: IncomingMessage, body: string): string {
  if (headers['content-range'] !== undefined) return JSON.parse(body) as string;
  if (headers.patches !== undefined) return JSON.parse(body.trim().split('\r\n').at(-1)!) as string;
  return (JSON.parse(body) as { body: string }).body;
}

function refuse(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, headers).end();
}
