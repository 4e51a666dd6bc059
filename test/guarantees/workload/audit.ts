import type { Client } from 'pg';
import { withClient } from '../../support/databases';
import type { Audit, Counters } from '../history/history';

/** Queries the database itself, independently of the server. */
export async function auditDatabase(url: string): Promise<Audit> {
  return withClient(url, async (client) => ({
    orphans: await orphans(client),
    unvalidatedConstraints: await names(
      client,
      `select conname as name from pg_constraint where not convalidated and connamespace = 'public'::regnamespace`,
    ),
    invalidIndexes: await names(
      client,
      `select indexrelid::regclass::text as name from pg_index where not indisvalid or not indisready`,
    ),
    counters: await counters(client),
  }));
}

async function names(client: Client, text: string): Promise<string[]> {
  return (await client.query<{ name: string }>(text)).rows.map((row) => row.name);
}

/** Checks foreign keys by an anti-join each, because a constraint may have been off while rows were written. */
async function orphans(client: Client): Promise<string[]> {
  const { rows: keys } = await client.query<{
    name: string;
    child: string;
    parent: string;
    on: string;
    set: string;
  }>(
    `select k.conname as name, k.conrelid::regclass::text as child, k.confrelid::regclass::text as parent,
       string_agg(format('parent.%I = child.%I', p.attname, c.attname), ' and ') as on,
       string_agg(format('child.%I is not null', c.attname), ' and ') as set
     from pg_constraint k
     cross join unnest(k.conkey, k.confkey) as pair (child, parent)
     join pg_attribute c on (c.attrelid, c.attnum) = (k.conrelid, pair.child)
     join pg_attribute p on (p.attrelid, p.attnum) = (k.confrelid, pair.parent)
     where k.contype = 'f' and k.connamespace = 'public'::regnamespace
     group by k.oid, k.conname, k.conrelid, k.confrelid`,
  );
  const found: string[] = [];
  for (const { name, child, parent, on, set } of keys) {
    const { rowCount } = await client.query(
      `select from ${child} child where ${set} and not exists (select from ${parent} parent where ${on}) limit 1`,
    );
    if (rowCount) found.push(name);
  }
  if (keys.length === 0) throw new Error('the database has no foreign keys');
  return found;
}

async function counters(client: Client): Promise<Counters[]> {
  const { rows } = await client.query<Counters>(
    `select c.id as "conversationId", c.last_seq::integer as "lastSeq", c.last_rev::integer as "lastRev",
       (select coalesce(max(seq), 0)::integer from chat_messages m where m.conversation_id = c.id) as "maxSeq",
       (select coalesce(max(read_seq), 0)::integer from conversation_participants p
        where p.conversation_id = c.id) as "maxReadSeq",
       coalesce(max(changed.rev), 0)::integer as "maxRev",
       count(changed.rev)::integer as revs, count(distinct changed.rev)::integer as "distinctRevs"
     from conversations c
     left join lateral (
       select rev from chat_messages m where m.conversation_id = c.id and m.rev > 0
       union all select rev from conversation_participants p where p.conversation_id = c.id and p.rev > 0
       union all select c.settings_rev where c.settings_rev > 0) changed on true
     group by c.id`,
  );
  return rows;
}
