import { call, type Answer, type CallOptions } from './api';
import type { Person } from './people';

export interface File {
  readonly name?: string;
  readonly content?: string | Uint8Array;
  /** The media type that the upload claims. */
  readonly type?: string;
}

/** A picture of one pixel. */
export const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);

/** Uploads a file as this person. */
export async function upload(person: Person, file: File = {}, field = 'file'): Promise<Answer> {
  const { name = 'pixel.png', content = PIXEL, type = 'application/octet-stream' } = file;
  const form = new FormData();
  form.append(
    field,
    new Blob([typeof content === 'string' ? content : Buffer.from(content)], { type }),
    name,
  );
  return sendForm(person, form);
}

/** Uploads a file and returns the attachment. @throws Error unless it is stored */
export async function uploaded(person: Person, file: File = {}): Promise<Answer['body']> {
  const { status, body } = await upload(person, file);
  if (status !== 201) throw new Error(`upload: ${status} ${JSON.stringify(body)}`);
  return body;
}

/** Uploads a form of any shape. */
export async function sendForm(person: Person, form: FormData): Promise<Answer> {
  const request = new Request('http://form', { method: 'POST', body: form });
  return call(person.url, 'POST', '/api/v1/attachments', {
    token: person.accessToken,
    bytes: Buffer.from(await request.arrayBuffer()),
    headers: { 'content-type': request.headers.get('content-type')! },
  });
}

export const download = (person: Person, id: string, options: CallOptions = {}): Promise<Answer> =>
  person.call('GET', `/attachments/${id}`, undefined, options);
