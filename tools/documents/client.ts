// A client of the types that are generated from docs/openapi.json: signs up, signs in, sends, and reads a refusal.
import createClient from 'openapi-fetch';
import type { paths } from './generated.js';

const [, , baseUrl, username, password] = process.argv as [string, string, string, string, string];
const client = createClient<paths>({ baseUrl });

const signedUp = await client.POST('/api/v1/auth/register', { body: { username, password } });
const signedIn = await client.POST('/api/v1/auth/login', { body: { login: username, password } });
if (!signedUp.data || !signedIn.data) throw new Error('not signed in');
const headers = { Authorization: `Bearer ${signedIn.data.accessToken}` };

const group = await client.POST('/api/v1/conversations', {
  headers,
  body: { type: 'group', title: 'Notes', participantIds: [] },
});
if (!group.data) throw new Error(group.error.code);

const messages = '/api/v1/conversations/{conversationId}/messages';
const params = { path: { conversationId: group.data.id } };
const sent = await client.POST(messages, { headers, params, body: { body: 'from a generated client' } });
if (!sent.data) throw new Error(sent.error.code);
const history = await client.GET(messages, { headers, params: { ...params, query: { limit: 10 } } });
// The same address is a timeline for those who ask for its versions.
if (!history.data || !('items' in history.data)) throw new Error('not a page of messages');
const refused = await client.POST(messages, { headers, params, body: { body: '' } });

console.log(
  JSON.stringify({
    userId: signedUp.data.user.id,
    sent: { id: sent.data.id, seq: sent.data.seq, body: sent.data.body },
    history: history.data.items.map(({ seq, body }) => `#${seq} ${body}`),
    refused: refused.error?.code,
  }),
);
