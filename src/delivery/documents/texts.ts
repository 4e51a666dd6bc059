import { MAX_BODY_BYTES } from '../../platform/http/json-body';

/** The introduction of the HTTP document. */
export const HTTP_DESCRIPTION = `
Every route except registration, signing in and those about the server needs \`Authorization: Bearer <accessToken>\`.

**Bodies**, except uploads of files, are UTF-8 JSON of at most ${MAX_BODY_BYTES / 1_024} KiB, not compressed. Unknown fields are refused. An
optional field may also be \`null\`, which means the same unless its description says otherwise. Lengths are counted
in Unicode code points; text must not contain U+0000 or lone surrogates. Ids may be written in upper case and are
answered in lower case. An empty query parameter counts as absent, and one that a route does not list is ignored.

**Lists** take \`limit\` and \`cursor\`; \`nextCursor\` is null at the end.

**Refusals** are problems (RFC 9457) with a \`code\`; \`/problems/<code>\` explains it. Each route
lists its own. Any request may also get these: 404 \`not-found\` for an address that does not exist, 405
\`method-not-allowed\` with \`Allow\` for a method that the address does not take, and 400 \`malformed-request\` for a
path that cannot be decoded. The server also reads and checks a body that a route does not use (400, 408, 413, 415).
503 means that nothing was done. 504 means that the database did not answer a write: repeat it with the same id.

\`HEAD\` is answered wherever \`GET\` is. Live events and the same operations over Socket.IO are in \`/asyncapi.json\`.
`.trim();

export const SOCKET_DESCRIPTION = `
Socket.IO 4 at \`/socket.io\`, namespace \`/\`, over WebSocket or long polling, with \`auth: { token: <accessToken> }\` in
the handshake. A refused handshake is a \`connect_error\` with the problem in \`data\`. Before that, the server rejects a
browser whose origin is neither its own nor one of \`CORS_ORIGINS\`. Once the socket is in its rooms it gets \`ready\`:
from then on it misses no event.

Each **command** takes one object and an acknowledgement: \`{ok: true, data}\` or \`{ok: false, problem}\`, the problem
being the one of the HTTP interface. Rules of payloads are those of HTTP bodies. **Events** are a hint: a client
gets what it lacks from \`conversation:sync\` or \`GET …/changes\`.
`.trim();

/** The tags of routes: controllers by name, except those in `TAG_OF`. */
export const GROUPS: Readonly<Record<string, string>> = {
  Sessions: 'Accounts, signing in, tokens, and sessions.',
  Users: 'People, their profiles, and the erasure of an account.',
  Friends: 'Friend requests, friends and blocks.',
  Conversations: 'Direct and group conversations, participants, read positions, and catching up with them.',
  Messages: 'Sending, reading, editing and deleting messages.',
  Search: 'Searching messages by their text.',
  Attachments: 'Uploading and downloading files.',
  Server: 'The health and metrics of the server, these documents, and the meaning of problem codes.',
};

/** Controllers whose routes share the tag of another one: tags are the words of the product. */
export const TAG_OF: Readonly<Record<string, string>> = {
  Authentication: 'Sessions',
  Registration: 'Sessions',
  PasswordResets: 'Sessions',
  Erasure: 'Users',
  UserTimeline: 'Conversations',
  CatchUp: 'Conversations',
  Problems: 'Server',
  Documents: 'Server',
  Health: 'Server',
  Metrics: 'Server',
};
