import type { Client } from 'pg';
import { hashSync } from '@node-rs/bcrypt';

export interface LegacyOptions {
  /** The same seed makes the same rows. */
  readonly seed: number;
  readonly messages: number;
  readonly users?: number;
  /** The form of the table `version_history`. */
  readonly shape: 'A' | 'B';
  /** Whether `messages.version` has a unique index or a plain one. */
  readonly uniqueVersions: boolean;
  /** The schema for the tables; it is created if it is missing. */
  readonly schema: string;
}

/** The old password of everybody, except of people with an invalid hash. */
export const OLD_PASSWORD = 'their old password';

/**
 * Creates a database of an earlier XFChat with every known kind of dirty row. It has the old constraints but no foreign keys,
 * because dangling references are part of the dirt.
 */
export async function makeLegacyDatabase(client: Client, options: LegacyOptions): Promise<void> {
  const { schema, seed, messages, shape, uniqueVersions } = options;
  const users = options.users ?? Math.max(30, Math.floor(messages / 200));
  await client.query(`create schema if not exists ${schema}`);
  await client.query(`set search_path = ${schema}`);
  const uuid = (kind: string, number: string): string => `md5('${seed} ${kind} ' || ${number})::uuid`;
  const die = (number: string, sides: number): string =>
    `(('x' || left(md5('${seed} die ' || ${number}), 7))::bit(28)::integer % ${sides})`;
  await makeUsers(client, users, uuid);
  await makeMessages(client, { messages, users, uniqueVersions, uuid, die });
  await makeHistory(client, { messages, users, shape, uuid, die });
  await makeConversations(client, { messages, users, uuid, die });
  await makeFriends(client, users, uuid);
  await client.query(`set search_path = public`);
}

type Uuid = (kind: string, number: string) => string;
interface Facts {
  readonly messages: number;
  readonly users: number;
  readonly uuid: Uuid;
  readonly die: (number: string, sides: number) => string;
}

async function makeUsers(client: Client, users: number, uuid: Uuid): Promise<void> {
  await client.query(`
    create table users (id uuid primary key, email varchar(255) unique, password_hash varchar(255) not null,
      username varchar(255), stripe_customer_id varchar(255), subscription_status varchar(50),
      created_at timestamptz default now(), updated_at timestamptz default now())`);
  // Usernames that are equal, differ by case, have other letters, or are too short, too long or null; invalid hashes.
  await client.query(
    `insert into users (id, email, password_hash, username, created_at)
     select ${uuid('user', 'i')},
       case when i % 10 = 3 then 'Person' || i - 1 || '@example.org' when i % 17 = 5 then null else 'person' || i || '@example.org' end,
       case when i % 19 = 4 then 'not a hash' else $1 end,
       case i % 10 when 0 then null when 1 then 'twin' when 2 then 'Twin' when 3 then 'Ann Lee ' || i when 4 then 'x'
         when 5 then 'Jürgen' when 6 then repeat('long', 12) || i when 7 then 'Person' || i else 'person' || i end,
       case when i % 23 = 6 then 'infinity' else timestamptz '2023-01-01' + i * interval '1 minute' end
     from generate_series(1, ${users}) i`,
    [hashSync(OLD_PASSWORD, 4)],
  );
  await client.query(`
    insert into users (id, email, password_hash, username) values
      (${uuid('user', "'bot'")}, 'system@bot', 'SYSTEM_USER_NO_LOGIN', 'system_bot'),
      (${uuid('user', "'global'")}, 'system@global', '!', 'system_global')`);
}

async function makeMessages(client: Client, facts: Facts & { uniqueVersions: boolean }): Promise<void> {
  const { messages, users, uuid, die } = facts;
  await client.query(`
    create table messages (id uuid primary key, user_id uuid, text text, author varchar(255), timestamp timestamptz,
      version varchar(255), created_at timestamptz, is_read boolean, is_delivered boolean)`);
  // Restarted counters make equal versions without a unique index, and holes with one.
  const version = facts.uniqueVersions
    ? `case when i % 50 < 2 then null else 'v' || i end`
    : `case when i % 97 = 0 then null else 'v' || 1 + i % ${Math.ceil(messages * 0.9)} end`;
  await client.query(`
    insert into messages
    select ${uuid('message', 'i')},
      case when i % 20 = 7 then null when i % 333 = 5 then ${uuid('nobody', 'i')} when i % 100 = 1 then ${uuid('user', "'bot'")}
        else ${uuid('user', `1 + ${die('i', users)}`)} end,
      case when i % 501 = 3 then repeat('x', 4001) when i % 701 = 4 then '' when i % 703 = 5 then null
        when i % 1001 = 6 then repeat('😀', 4000) else 'message ' || i || E' of old\\n\\twith "quotes" and \\\\' end,
      case when i % 3 = 0 then 'called ' || i end,
      timestamptz '2024-01-01' + i * interval '10 seconds' + case when i % 307 = 8 then interval '3 days' else interval '0.5 seconds' end,
      ${version},
      case when i % 1009 = 9 then 'infinity' when i % 1013 = 10 then null
        else timestamptz '2024-01-01' + i / 3 * interval '30.000499 seconds' end,
      i % 2 = 0, null
    from generate_series(1, ${messages}) i`);
  await client.query(
    `create ${facts.uniqueVersions ? 'unique' : ''} index idx_messages_version on messages (version)`,
  );
}

async function makeHistory(client: Client, facts: Facts & { shape: 'A' | 'B' }): Promise<void> {
  const { messages, users, shape, uuid, die } = facts;
  await client.query(
    shape === 'A'
      ? `create table version_history (version_id varchar(255) primary key, user_id uuid, parents text[], created_at timestamptz)`
      : `create table version_history (id uuid primary key, user_id uuid, version_id varchar(255), parent_versions text[],
           created_at timestamptz, unique (user_id, version_id))`,
  );
  const parents = `case
    when i % 40 = 1 then null when i % 40 = 2 then '{}' when i % 40 = 3 then array['v99999999'] when i % 40 = 4 then array['v' || i]
    when i % 40 = 5 then array['v' || i - 1, 'v' || i - 1] when i % 40 = 6 then array['v' || i - 1, null]
    when i % 40 = 10 then array['v' || i + 3] else array['v' || i - 1] end`;
  const columns =
    shape === 'A'
      ? 'version_id, user_id, parents, created_at'
      : 'id, version_id, user_id, parent_versions, created_at';
  const id = (kind: string): string => (shape === 'A' ? '' : `${uuid(kind, 'i')}, `);
  // Every seventh message has no history, and some history has no message.
  await client.query(`
    insert into version_history (${columns})
    select ${id('history')} 'v' || i, case when i % 11 = 0 then null else ${uuid('user', `1 + ${die('i', users)}`)} end, ${parents},
      timestamptz '2024-01-01' + i * interval '10 seconds'
    from generate_series(1, ${messages}) i where i % 7 <> 0
    union all
    select ${id('silent')} 'silent-' || i, null, array['v' || i], timestamptz '2024-06-01'
    from generate_series(1, ${Math.ceil(messages / 500)}) i`);
  await client.query(`
    insert into version_history (${columns}) select ${id('empty')} '', null, '{v1}', now() from generate_series(1, 1) i`);
  if (shape === 'A') return;
  // Two people claim the same version.
  await client.query(`
    insert into version_history (${columns})
    select ${id('claim')} 'v' || i, ${uuid('user', '1')}, array['v' || i + 1], timestamptz '2024-07-01'
    from generate_series(3, ${messages}, 60) i on conflict do nothing`);
}

/**
 * Messages with a fault of their own. They are in a group that is imported, so that the fault alone decides about them.
 */
const FAULTY = 'i % 301 = 2 or i % 303 = 3 or i % 307 = 5';

async function makeConversations(client: Client, facts: Facts): Promise<void> {
  const { messages, uuid, die } = facts;
  const conversations = Math.max(20, Math.floor(messages / 1000));
  await client.query(`
    create table conversations (id uuid primary key, created_by uuid, name varchar(255), description text,
      is_direct_message boolean default false, created_at timestamptz default now(), updated_at timestamptz default now());
    create table conversation_participants (id uuid primary key, conversation_id uuid, user_id uuid, joined_at timestamptz,
      unique (conversation_id, user_id));
    create table chat_messages (id uuid primary key, conversation_id uuid, sender_id uuid, content text,
      message_type varchar(20) default 'text', is_read boolean, is_delivered boolean, crdt_timestamp bigint default 0,
      braid_version varchar(255), braid_parents text[], created_at timestamptz, updated_at timestamptz)`);
  // Of ten conversations, four are direct (two for one pair) and one lacks half of its people; the others are groups, one of them
  // without participants.
  await client.query(`
    insert into conversations (id, created_by, name, description, is_direct_message, created_at)
    select ${uuid('conversation', 'i')}, case when i % 10 in (8, 9) then ${uuid('nobody', '1')} else ${uuid('user', '1 + i % 20')} end,
      case when i % 10 = 6 then ' ' when i % 10 > 4 then 'group ' || i end, case when i % 10 = 7 then 'about ' || i end,
      i % 10 < 5, timestamptz '2024-02-01' + i * interval '1 minute'
    from generate_series(1, ${conversations}) i`);
  await client.query(`
    insert into conversation_participants
    select ${uuid('participant', "i || ' ' || k")}, ${uuid('conversation', 'i')},
      case when i % 10 in (4, 9) and k = 2 then ${uuid('nobody', 'i')}
        when i % 10 < 2 then ${uuid('user', 'i / 10 * 2 + k')} else ${uuid('user', '1 + i % 20 + k - 1')} end,
      timestamptz '2024-02-01' + i * interval '1 minute' + k * interval '1 second'
    from generate_series(1, ${conversations}) i cross join lateral generate_series(
      1, case when i % 10 < 5 then 2 when i % 10 = 8 then 0 else 5 end) k
    where not (i % 10 = 3 and k = 1)`);
  await client.query(`
    insert into conversation_participants select ${uuid('participant', "'lost'")}, ${uuid('nowhere', '1')}, ${uuid('user', '1')}, now()`);
  await client.query(`
    insert into chat_messages
    select ${uuid('chat', 'i')},
      case when i % 211 = 1 then ${uuid('nowhere', 'i')} else ${uuid('conversation', 'c')} end,
      case when i % 37 = 1 then null when i % 41 = 1 then ${uuid('user', '1 + i % 20')}
        when c % 10 < 2 then ${uuid('user', 'c / 10 * 2 + 1 + i % 2')} else ${uuid('user', '1 + c % 20 + i % 2')} end,
      case when i % 301 = 2 then '' when i % 303 = 3 then repeat('é', 4001) else 'chat ' || i end,
      case when i % 25 = 3 then 'image' when i % 25 = 4 then 'system' when i % 307 = 5 then 'poem' else 'text' end,
      false, null, 0, case i % 3 when 0 then '"initial"' else 'initial' end, null,
      timestamptz '2024-03-01' + i / 2 * interval '1 second', null
    from (
      select i, case when ${FAULTY} then 6 else 1 + ${die('i', conversations)} end as c
      from generate_series(1, ${Math.ceil(messages / 4)}) i) numbered`);
  // A message with the id of another message in the room.
  await client.query(`update chat_messages set id = ${uuid('message', '1')} where id = ${uuid('chat', '1')}`);
}

async function makeFriends(client: Client, users: number, uuid: Uuid): Promise<void> {
  await client.query(`
    create table friend_requests (id uuid primary key, from_user_id uuid, to_user_id uuid, from_username varchar(255),
      from_email varchar(255), to_email varchar(255), message text, status varchar(20), created_at timestamptz, responded_at timestamptz);
    create table contacts (user_id uuid, contact_user_id uuid, username varchar(255), email varchar(255), avatar_url text,
      last_seen timestamptz, is_online boolean, unique (user_id, contact_user_id));
    create table usage_tracking (user_id uuid, feature text, used integer)`);
  // Requests that are doubled, crossing, accepted without a contact, open between contacts, refused, blocked between contacts, to
  // oneself, or from nobody.
  await client.query(`
    insert into friend_requests (id, from_user_id, to_user_id, status, message, created_at, responded_at)
    select ${uuid('request', "i || ' ' || k")},
      case when i % 10 = 1 and k = 2 then ${uuid('user', 'i + 1')} else ${uuid('user', 'i')} end,
      case when i % 10 = 8 then ${uuid('user', 'i')} when i % 10 = 9 then null
        when i % 10 = 1 and k = 2 then ${uuid('user', 'i')} else ${uuid('user', 'i + 1')} end,
      case when i % 10 in (2, 3) then 'accepted' when i % 10 = 5 then 'rejected' when i % 10 = 6 then 'blocked'
        when i % 10 = 7 then 'maybe' else 'pending' end,
      'be my friend ' || i, timestamptz '2024-04-01' + (i * 2 + k) * interval '1 hour',
      case when i % 10 in (2, 5) then timestamptz '2024-05-01' end
    from generate_series(1, ${users - 1}) i cross join generate_series(1, 2) k where k = 1 or i % 10 in (0, 1, 2)`);
  await client.query(`
    insert into contacts (user_id, contact_user_id, username)
    select ${uuid('user', 'i + k')}, ${uuid('user', 'i + 1 - k')}, 'contact ' || i
    from generate_series(1, ${users - 1}) i cross join generate_series(0, 1) k
    where i % 10 in (2, 4, 6) and (k = 0 or i % 4 = 2)
    union all select ${uuid('user', '1')}, ${uuid('user', '1')}, 'myself'
    union all select ${uuid('user', '1')}, ${uuid('nobody', '1')}, 'gone'`);
  await client.query(
    `insert into usage_tracking select ${uuid('user', '1 + i % 3')}, 'messages', 1 from generate_series(1, 5) i`,
  );
}
