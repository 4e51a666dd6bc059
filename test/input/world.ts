import { TABLES_WITHOUT_BACKUP } from '../../src/platform/database/tables-without-backup';
import type { DataSource } from 'typeorm';
import { uploaded } from '../support/attachments';
import { signUpAll, type Person } from '../support/people';
import type { TestServer } from '../support/test-server';

/** A user who may use every route, so that only the input is wrong. */
export interface World {
  readonly caller: Person;
  /** Values of path parameters, by name. */
  readonly ids: Readonly<Record<string, string>>;
}

export async function makeWorld({ url }: TestServer): Promise<World> {
  const [ada, ben, cem] = (await signUpAll(url, 3)) as [Person, Person, Person];
  const conversationId = await ada.group(ben);
  const { id: messageId } = await ada.send(conversationId, 'Hello Ben!');
  const { sessionId } = await ada.signInAgain('laptop');
  const request = await cem.call('POST', '/friend-requests', { recipientId: ada.id });
  const friendRequestId = request.body.id as string;
  const emoji = encodeURIComponent('👍');
  const { id: attachmentId } = await uploaded(ada);
  const places = {
    conversationId,
    messageId,
    attachmentId,
    emoji,
    sessionId,
    friendRequestId,
    userId: ben.id,
  };
  const ids = { ...places, code: 'internal' };
  return { caller: ada, ids };
}

/**
 * All rows of all tables, except the authentication log, which records rejections, and rows that running servers renew.
 * The result is equal if nothing has changed.
 */
export async function digestOf(dataSource: DataSource): Promise<string> {
  const tables = await dataSource.query<{ name: string }[]>(
    `select table_name as name from information_schema.tables
     where table_schema = current_schema() and table_type = 'BASE TABLE' and table_name <> all ($1)
     order by 1`,
    [['authentication_events', ...TABLES_WITHOUT_BACKUP]],
  );
  const digests = tables.map(
    ({ name }) =>
      `select '${name} ' || count(*) || ' ' || coalesce(md5(string_agg(md5(t::text), '' order by md5(t::text))), '') as digest from "${name}" t`,
  );
  const rows = await dataSource.query<{ digest: string }[]>(digests.join(' union all '));
  return rows.map(({ digest }) => digest).join('\n');
}
