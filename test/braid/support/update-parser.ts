export interface Patch {
  readonly unit: string;
  readonly range: string;
  readonly content: string;
}

/** One parsed update of a subscription. */
export interface Update {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly version: string[] | undefined;
  readonly parents: string[] | undefined;
  /** The whole state, if the update is a snapshot. */
  readonly body: string | undefined;
  readonly patches: Patch[] | undefined;
}

const HEADER = /^([A-Za-z][A-Za-z0-9-]*): ?(.*)$/;
const CR = 13;
const LF = 10;

/**
 * Parses the updates of a subscription (draft-toomim-httpbis-braid-http-04) more strictly than any client: a fault that a
 * client might tolerate is an error here.
 */
export class UpdateParser {
  private rest = Buffer.alloc(0);
  /** The number of blank lines between updates, which are heartbeats. */
  blankLines = 0;

  /** @throws Error for malformed updates */
  read(bytes: Buffer): Update[] {
    this.rest = Buffer.concat([this.rest, bytes]);
    const updates: Update[] = [];
    for (;;) {
      this.skipBlankLines();
      const found = parseUpdate(this.rest);
      if (!found) return updates;
      updates.push(found.update);
      this.rest = this.rest.subarray(found.length);
    }
  }

  /** Whether the bytes end between two updates. */
  get isComplete(): boolean {
    return this.rest.length === 0;
  }

  private skipBlankLines(): void {
    let index = 0;
    while (this.rest[index] === LF || (this.rest[index] === CR && this.rest[index + 1] === LF)) {
      index += this.rest[index] === LF ? 1 : 2;
      this.blankLines++;
    }
    this.rest = this.rest.subarray(index);
  }
}

function parseUpdate(bytes: Buffer): { update: Update; length: number } | undefined {
  const head = parseHead(bytes);
  if (!head) return undefined;
  const { headers } = head;
  const common = {
    headers,
    version: listIn(headers.version),
    parents: listIn(headers.parents),
  };
  const hasLength = headers['content-length'] !== undefined;
  if (hasLength === (headers.patches !== undefined))
    throw new Error(`an update has either Content-Length or Patches: ${JSON.stringify(headers)}`);
  if (hasLength) {
    const body = parseContent(bytes, head.length, headers);
    if (!body) return undefined;
    return { update: { ...common, body: body.text, patches: undefined }, length: body.end };
  }
  if (!/^\d+$/.test(headers.patches!)) throw new Error(`Patches is no number: ${headers.patches}`);
  const patches: Patch[] = [];
  let at = head.length;
  while (patches.length < Number(headers.patches)) {
    while (bytes[at] === CR || bytes[at] === LF) at++;
    const part = parseHead(bytes.subarray(at));
    if (!part) return undefined;
    const content = parseContent(bytes, at + part.length, part.headers);
    if (!content) return undefined;
    const [, unit, range] = /^(\S+) (.*)$/.exec(part.headers['content-range'] ?? '') ?? [];
    if (unit === undefined || range === undefined) throw new Error('a patch without a Content-Range');
    patches.push({ unit, range, content: content.text });
    at = content.end;
  }
  return { update: { ...common, body: undefined, patches }, length: at };
}

function parseHead(bytes: Buffer): { headers: Record<string, string>; length: number } | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  // Report a fault in an incomplete first line at once, because the line might never end.
  const lines = bytes.toString('latin1', 0, end < 0 ? bytes.length : end).split('\r\n');
  const headers: Record<string, string> = {};
  for (const [index, line] of lines.entries()) {
    const isWhole = end >= 0 || index < lines.length - 1;
    const [, name, value] = HEADER.exec(line) ?? [];
    if (name !== undefined && value !== undefined) headers[name.toLowerCase()] = value;
    else if (isWhole) throw new Error(`this is no header of an update: ${JSON.stringify(line)}`);
  }
  return end < 0 ? undefined : { headers, length: end + 4 };
}

function parseContent(
  bytes: Buffer,
  start: number,
  headers: Record<string, string>,
): { text: string; end: number } | undefined {
  const length = headers['content-length'];
  if (length === undefined || !/^\d+$/.test(length)) throw new Error('a patch without a Content-Length');
  const end = start + Number(length);
  if (bytes.length < end) return undefined;
  const next = bytes.subarray(end, end + 2).toString('latin1');
  if (!['', '\r', '\r\n'].includes(next))
    throw new Error(`Content-Length is not the number of bytes: ${JSON.stringify(next)} follows`);
  return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(start, end)), end };
}

export function listIn(header: string | null | undefined): string[] | undefined {
  if (header === undefined || header === null) return undefined;
  const list: unknown = JSON.parse(`[${header}]`);
  if (!Array.isArray(list) || !list.every((id) => typeof id === 'string'))
    throw new Error(`this is no list of versions: ${header}`);
  return list;
}
