import { randomBytes } from 'node:crypto';
import { call, type Answer, type CallOptions } from './api';
import { connectSocket, type TestSocket } from './test-socket';

export const PASSWORD = 'a password nobody else has';

/** A user with an account and a session. */
export class Person {
  constructor(
    readonly url: string,
    readonly id: string,
    readonly username: string,
    readonly sessionId: string,
    public accessToken: string,
    public refreshToken: string,
  ) {}

  /** Calls `/api/v1<path>` as this person. */
  call(
    method: string,
    path: string,
    body?: unknown,
    options: Omit<CallOptions, 'body'> = {},
  ): Promise<Answer> {
    return call(this.url, method, `/api/v1${path}`, { token: this.accessToken, body, ...options });
  }

  connect(options: Parameters<typeof connectSocket>[2] = {}): Promise<TestSocket> {
    return connectSocket(this.url, this.accessToken, options);
  }

  /** The same person and session on another server. */
  at(url: string): Person {
    return new Person(url, this.id, this.username, this.sessionId, this.accessToken, this.refreshToken);
  }

  /** Signs in again, as from another device. */
  async signInAgain(deviceName?: string): Promise<Person> {
    const { body } = await call(this.url, 'POST', '/api/v1/auth/login', {
      body: { login: this.username, password: PASSWORD, deviceName },
    });
    return new Person(this.url, this.id, this.username, body.session.id, body.accessToken, body.refreshToken);
  }

  async direct(other: Person): Promise<string> {
    const answer = await this.call('POST', '/conversations', { type: 'direct', participantIds: [other.id] });
    return answer.body.id as string;
  }

  async group(...others: Person[]): Promise<string> {
    const participantIds = others.map((other) => other.id);
    const answer = await this.call('POST', '/conversations', {
      type: 'group',
      title: 'a group',
      participantIds,
    });
    return answer.body.id as string;
  }

  /** Sends a message over HTTP and returns the stored message. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into messages
  async send(conversationId: string, body: string, fields: object = {}): Promise<any> {
    const answer = await this.call('POST', `/conversations/${conversationId}/messages`, { body, ...fields });
    if (answer.status !== 201) throw new Error(`send: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }
}

/** Creates an account with a unique username. */
export async function signUp(url: string, fields: object = {}): Promise<Person> {
  const username = `user-${randomBytes(8).toString('hex')}`;
  const { status, body } = await call(url, 'POST', '/api/v1/auth/register', {
    body: { username, password: PASSWORD, ...fields },
  });
  if (status !== 201) throw new Error(`register: ${status} ${JSON.stringify(body)}`);
  return new Person(
    url,
    body.user.id,
    body.user.username,
    body.session.id,
    body.accessToken,
    body.refreshToken,
  );
}

export function signUpAll(url: string, count: number): Promise<Person[]> {
  return Promise.all(Array.from({ length: count }, () => signUp(url)));
}
