export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON, or text of another type; undefined when there is no body. */
  readonly body: any; // eslint-disable-line @typescript-eslint/no-explicit-any -- tests look into answers of every shape
}

export interface CallOptions {
  readonly token?: string;
  readonly body?: unknown;
  /** A raw body. Its type is JSON unless a header says otherwise. */
  readonly text?: string;
  /** A binary body. A header must state its type. */
  readonly bytes?: Buffer<ArrayBuffer>;
  readonly headers?: Record<string, string>;
}

/** Makes one HTTP call; `path` begins with `/`. It does not throw for an error status. */
export async function call(
  base: string,
  method: string,
  path: string,
  options: CallOptions = {},
): Promise<Answer> {
  const sent =
    options.bytes ?? options.text ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
  const response = await fetch(base + path, {
    method,
    headers: {
      ...(sent !== undefined && { 'content-type': 'application/json' }),
      ...(options.token && { authorization: `Bearer ${options.token}` }),
      ...options.headers,
    },
    body: sent,
  });
  const { status, headers: answered } = response;
  const answer = { status, headers: answered, body: await bodyOf(response) };
  globalThis.witness?.answered({ method, path, input: options.body, ...answer });
  return answer;
}

async function bodyOf(response: Response): Promise<unknown> {
  const text = await response.text();
  if (text === '') return undefined;
  return /^application\/(problem\+)?json/.test(response.headers.get('content-type') ?? '')
    ? JSON.parse(text)
    : text;
}
