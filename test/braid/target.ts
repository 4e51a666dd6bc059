import { randomUUID } from 'node:crypto';
import { signUpAll, type Person } from '../support/people';

/** A resource of the server under test: JSON with a text in `body`, which a PUT of `{"body": text}` changes. */
export interface Resource {
  readonly url: string;
  /** Headers of every request, such as a token. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A server under test. */
export interface Target {
  /** Creates a resource whose first version has this text. */
  create(text: string): Promise<Resource>;
}

/** XFChat, with a message as the resource. It creates the users. */
export async function xfchat(baseUrl: string): Promise<Target> {
  const [ada] = (await signUpAll(baseUrl, 1)) as [Person];
  const conversationId = await ada.group();
  return {
    async create(text) {
      const { id } = await ada.send(conversationId, text);
      return resourceOf(`${baseUrl}/api/v1/conversations/${conversationId}/messages/${id}`, ada);
    },
  };
}

export function resourceOf(url: string, person: Person): Resource {
  return { url, headers: { Authorization: `Bearer ${person.accessToken}` } };
}

/** Any other server, on which a PUT to a new address below this one creates a resource. */
export function anyServer(folderUrl: string, headers: Record<string, string>): Target {
  return {
    async create(text) {
      const url = `${folderUrl.replace(/\/$/, '')}/${randomUUID()}`;
      const answer = await fetch(url, {
        method: 'PUT',
        headers: { ...headers, 'content-type': 'application/json', version: '"v1"', parents: '' },
        body: JSON.stringify({ body: text }),
      });
      if (answer.status !== 200) throw new Error(`PUT ${url}: ${answer.status}`);
      return { url, headers };
    },
  };
}
