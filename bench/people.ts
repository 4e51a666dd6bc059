import { randomUUID } from 'node:crypto';
import { query, type Server } from './servers';

export interface Person {
  readonly id: string;
  readonly token: string;
}

/** People and their rooms: person i is in room i / members. */
export interface Crowd {
  readonly people: readonly Person[];
  readonly roomIds: readonly string[];
}

/** The number of passwords that are hashed at a time. */
const AT_ONCE = 4;

export async function call<T>(
  server: Server,
  method: string,
  path: string,
  token?: string,
  body?: object,
): Promise<T> {
  const response = await fetch(`${server.url}/api/v1${path}`, {
    method,
    headers: {
      ...(body && { 'content-type': 'application/json' }),
      ...(token && { authorization: `Bearer ${token}` }),
    },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return (text ? JSON.parse(text) : undefined) as T;
}

export interface NewPerson extends Person {
  readonly username: string;
  readonly password: string;
}

export async function signUp(server: Server): Promise<NewPerson> {
  const password = 'the same long password';
  const username = `b${randomUUID().replaceAll('-', '').slice(0, 20)}`;
  const { user, accessToken } = await call<{ user: { id: string }; accessToken: string }>(
    server,
    'POST',
    '/auth/register',
    undefined,
    { username, password },
  );
  return { id: user.id, token: accessToken, username, password };
}

/** Creates people and groups through the API of XFChat. */
export async function gather(server: Server, rooms: number, members: number): Promise<Crowd> {
  const people: Person[] = [];
  while (people.length < rooms * members) {
    const missing = Math.min(AT_ONCE, rooms * members - people.length);
    people.push(...(await Promise.all(Array.from({ length: missing }, () => signUp(server)))));
  }
  const roomIds: string[] = [];
  for (let room = 0; room < rooms; room++) {
    const [owner, ...others] = people.slice(room * members, (room + 1) * members) as [Person, ...Person[]];
    const participantIds = others.map((person) => person.id);
    const group = { type: 'group', title: `room ${room}`, participantIds };
    roomIds.push((await call<{ id: string }>(server, 'POST', '/conversations', owner.token, group)).id);
  }
  return { people, roomIds };
}

/** Creates the same by SQL for the typical program, which has no API for it. */
export async function gatherTypical(databaseUrl: string, rooms: number, members: number): Promise<Crowd> {
  const roomIds = Array.from({ length: rooms }, () => randomUUID());
  const people = Array.from({ length: rooms * members }, () => {
    const id = randomUUID();
    return { id, token: id };
  });
  await query(databaseUrl, 'insert into rooms (id) select unnest($1::uuid[])', [roomIds]);
  await query(
    databaseUrl,
    'insert into members ("roomId", "userId") select * from unnest($1::uuid[], $2::uuid[])',
    [people.map((_person, index) => roomIds[Math.floor(index / members)]), people.map((person) => person.id)],
  );
  return { people, roomIds };
}
