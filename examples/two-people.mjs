// Two people sign up, chat live, and read the history back:
//   node examples/two-people.mjs http://localhost:3000
import { randomUUID } from 'node:crypto';
import { io } from 'socket.io-client';

const base = process.argv[2] ?? 'http://localhost:3000';

async function api(method, path, token, body) {
  const response = await fetch(`${base}/api/v1${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: body && JSON.stringify(body),
  });
  const answer = response.status === 204 ? undefined : await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${answer.code} (${answer.detail})`);
  return answer;
}

async function signUp(name) {
  const username = `${name}-${randomUUID().slice(0, 8)}`;
  const account = await api('POST', '/auth/register', undefined, {
    username,
    password: `${randomUUID()} is long enough`,
    displayName: name,
  });
  return { name, username, id: account.user.id, token: account.accessToken };
}

/** Connects, and resolves once the server says that no event can be missed any more. */
function connect(person) {
  return new Promise((resolve, reject) => {
    const socket = io(base, { auth: { token: person.token }, transports: ['websocket'] });
    socket.once('ready', () => resolve(socket));
    socket.once('connect_error', (error) => reject(new Error(error.data?.code ?? error.message)));
  });
}

const [ada, ben] = [await signUp('ada'), await signUp('ben')];
// Friends have a direct conversation; it is made together with the friendship.
const request = await api('POST', '/friend-requests', ada.token, { recipientUsername: ben.username });
const { conversation } = await api('POST', `/friend-requests/${request.id}/accept`, ben.token);
const sockets = { ada: await connect(ada), ben: await connect(ben) };

const heardBy = (person) =>
  new Promise((resolve) =>
    sockets[person.name].on('message:created', (message) => {
      if (message.senderId === person.id) return;
      console.log(`${person.name} hears #${message.seq}: ${message.body}`);
      resolve(message);
    }),
  );
const heard = [heardBy(ben), heardBy(ada)];

/** The id is the sender's own, so sending again after a lost answer is safe. */
async function send(person, body) {
  const command = { conversationId: conversation.id, id: randomUUID(), body };
  const answer = await sockets[person.name].timeout(10_000).emitWithAck('message:send', command);
  if (!answer.ok) throw new Error(answer.problem.code);
  return answer.data;
}

await send(ada, 'Hello Ben!');
await send(ben, 'Hello Ada!');
await Promise.all(heard);

const { items } = await api('GET', `/conversations/${conversation.id}/messages`, ben.token);
console.log('history:', items.map((message) => `#${message.seq} ${message.body}`).join(' | '));
Object.values(sockets).forEach((socket) => socket.close());
