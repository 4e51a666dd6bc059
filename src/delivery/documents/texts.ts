import { MAX_BODY_BYTES } from '../../platform/http/json-body';

/** What is said once for all routes. */
export const HTTP_DESCRIPTION = `
Everything but signing up, signing in and what is about the server itself needs \`Authorization: Bearer <accessToken>\`.

**Bodies**, except uploads of files, are UTF-8 JSON of at most ${MAX_BODY_BYTES / 1_024} KiB, not compressed. Unknown fields are refused. A field
that may be left out may also be \`null\`, which says the same unless its description says otherwise. Lengths are counted
in Unicode code points; text must not contain U+0000 or lone surrogates. Ids may be written in upper case and are
answered in lower case. An empty query parameter counts as left out, and one that a route does not list is ignored.

**Lists** take \`limit\` and \`cursor\`; \`nextCursor\` is null at the end.

**Refusals** are problems (RFC 9457) with a \`code\`; \`/problems/<code>\` explains it. Besides those that each route
lists: an address that does not exist is 404 \`not-found\`, a method that an address does not take is 405
\`method-not-allowed\` with \`Allow\`, a path that cannot be decoded is 400 \`malformed-request\`, and a body where
none belongs is read and judged (400, 408, 413, 415) all the same. 503 says that nothing was done; 504 says that a write was
sent to the database and its answer did not come: repeat it with the same id.

\`HEAD\` is answered wherever \`GET\` is. Live events and the same operations over Socket.IO are in \`/asyncapi.json\`.
`.trim();

export const SOCKET_DESCRIPTION = `
Socket.IO 4 at \`/socket.io\`, namespace \`/\`, over WebSocket or long polling, with \`auth: { token: <accessToken> }\` in
the handshake. A refused handshake is a \`connect_error\` with the problem in \`data\`; a browser of an origin that is
neither the server's own nor one of \`CORS_ORIGINS\` is turned away before that. Once the socket is in its rooms it is
told \`ready\`: from then on no event is missed.

Each **command** takes one object and an acknowledgement: \`{ok: true, data}\` or \`{ok: false, problem}\`, the problem
being the one of the HTTP interface. Rules of payloads are those of HTTP bodies. **Events** are a hint: what a client
lacks is told by \`conversation:sync\` or \`GET …/changes\`.
`.trim();

/** The tags of routes: controllers by name, except those in `TAG_OF`. */
export const GROUPS: Readonly<Record<string, string>> = {
  Sessions: 'Accounts, signing in, tokens, and the sessions of one’s devices.',
  Users: 'People, their profiles, and erasing one’s account.',
  Friends: 'Friend requests, friends and blocks.',
  Conversations:
    'Direct and group conversations, participants, read positions, and what a client lacks of them.',
  Messages: 'Sending, reading, editing and deleting messages.',
  Search: 'Finding messages by what they say.',
  Attachments: 'Uploading and downloading files.',
  Server: 'Its health and metrics, these documents, and the meaning of problem codes.',
};

/** Controllers whose routes have the tag of something else: tags are the words of the product. */
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
