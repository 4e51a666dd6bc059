import { randomUUID } from 'node:crypto';
import { AccessTokens } from '../../src/features/authentication/access-tokens';
import { SigningKeys } from '../../src/features/authentication/signing-keys';
import { Configuration } from '../../src/platform/configuration/configuration';
import { withClient } from './databases';

export interface Member {
  readonly userId: string;
  readonly sessionId: string;
  readonly token: string;
}

/** Where the people are made, and the secret that their tokens are signed with. */
interface Signing {
  readonly database: { readonly url: string };
  readonly authSecret: string;
}

/** Makes people who are signed in, without the work of thousands of password hashes. */
export async function crowdOf(count: number, server: Signing): Promise<Member[]> {
  const configuration = Object.assign(new Configuration(), { AUTH_SECRET: server.authSecret });
  const tokens = new AccessTokens(configuration, new SigningKeys(configuration));
  const ids = Array.from({ length: count }, () => ({ userId: randomUUID(), sessionId: randomUUID() }));
  await withClient(server.database.url, async (client) => {
    await client.query(
      `insert into users (id, username, password_hash, display_name)
       select id, 'crowd-' || left(id::text, 23), '-', 'crowd' from unnest($1::uuid[]) id`,
      [ids.map(({ userId }) => userId)],
    );
    await client.query(
      `insert into sessions (id, user_id, issued_nonce, expires_at)
       select s, u, 'nonce', now() + interval '1 day' from unnest($1::uuid[], $2::uuid[]) as t (s, u)`,
      [ids.map(({ sessionId }) => sessionId), ids.map(({ userId }) => userId)],
    );
  });
  return ids.map(({ userId, sessionId }) => ({ userId, sessionId, token: tokens.sign(userId, sessionId) }));
}
