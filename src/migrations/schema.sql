-- The schema as all migrations make it, for reading. `npm run schema` writes this file; a test holds it to the migrations.

create sequence list_positions as bigint;
create sequence migrations_id_seq as integer;

create table attachments (
  id uuid not null,
  uploader_id uuid, -- null once the message was deleted or the person erased
  name text not null,
  type text not null, -- as the content says
  size bigint not null, -- in bytes; what is reserved while the upload is under way
  sha256 text collate "C", -- hexadecimal
  message_id uuid, -- the message that carries it; null while none does
  "position" bigint default 0 not null,
  created_at timestamp(3) with time zone default now() not null,
  stored_at timestamp(3) with time zone, -- since when the file is whole; null while the upload is under way
  constraint attachments_pkey PRIMARY KEY (id),
  constraint attachments_message_check CHECK (((message_id IS NULL) OR (stored_at IS NOT NULL))),
  constraint attachments_size_check CHECK ((size >= 0)),
  constraint attachments_stored_check CHECK (((stored_at IS NULL) OR (sha256 IS NOT NULL)))
);

create table authentication_events (
  id uuid not null,
  kind text not null,
  outcome text not null,
  user_id uuid,
  session_id uuid,
  address text,
  request_id text,
  actor text,
  detail text,
  times bigint default 1 not null, -- how many events of this kind the row stands for
  created_at timestamp(3) with time zone not null,
  last_at timestamp(3) with time zone not null,
  constraint authentication_events_pkey PRIMARY KEY (id)
);

create table blocks (
  blocker_id uuid not null,
  blocked_id uuid not null,
  created_at timestamp(3) with time zone default now() not null,
  list_position bigint, -- from next_list_position(): the newest first; null: by time
  constraint blocks_pkey PRIMARY KEY (blocker_id, blocked_id),
  constraint blocks_self_check CHECK ((blocker_id <> blocked_id))
);

create table chat_messages (
  id uuid not null,
  conversation_id uuid not null,
  seq bigint not null,
  rev bigint default 0 not null,
  sender_id uuid,
  type text default 'text'::text not null,
  body text,
  reply_to_id uuid,
  version text collate "C", -- the current version; null while it is the first one, whose name is the id
  parents text[] default '{}'::text[] not null,
  pinned_at timestamp(3) with time zone,
  edited_at timestamp(3) with time zone,
  deleted_at timestamp(3) with time zone,
  created_at timestamp(3) with time zone default now() not null,
  has_attachments boolean default false not null,
  constraint chat_messages_pkey PRIMARY KEY (id),
  constraint chat_messages_body_check CHECK (((body IS NULL) = (deleted_at IS NOT NULL))),
  constraint chat_messages_conversation_seq_key UNIQUE (conversation_id, seq),
  constraint chat_messages_seq_check CHECK ((seq > 0)),
  constraint chat_messages_type_check CHECK ((type = ANY (ARRAY['text'::text, 'image'::text, 'file'::text, 'system'::text])))
);

create table conversation_participants (
  conversation_id uuid not null,
  user_id uuid not null,
  role text not null,
  read_seq bigint default 0 not null,
  hidden_seq bigint, -- a direct conversation is hidden from this person's list while its last_seq is not above this
  rev bigint default 0 not null,
  joined_at timestamp(3) with time zone default now() not null,
  left_at timestamp(3) with time zone,
  shown_read_seq bigint, -- the read position that the other person sees while a block stands; null: read_seq
  constraint conversation_participants_pkey PRIMARY KEY (conversation_id, user_id),
  constraint conversation_participants_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'member'::text])))
);

create table conversations (
  id uuid not null,
  type text not null,
  title text,
  description text,
  direct_key text collate "C",
  created_by uuid,
  last_seq bigint default 0 not null,
  last_rev bigint default 0 not null,
  settings_rev bigint default 0 not null, -- the rev that the last change of title or description took
  active_at timestamp(3) with time zone default now() not null,
  created_at timestamp(3) with time zone default now() not null,
  updated_at timestamp(3) with time zone default now() not null,
  deleted_at timestamp(3) with time zone,
  list_position bigint, -- from next_list_position(): the newest first; null: by time
  blocked_rev bigint, -- a block hides the changes above this rev from everybody but their author; null: no block stands
  constraint conversations_pkey PRIMARY KEY (id),
  constraint conversations_direct_check CHECK (((type = 'direct'::text) = (direct_key IS NOT NULL))),
  constraint conversations_direct_key_key UNIQUE (direct_key),
  constraint conversations_title_check CHECK (((type = 'group'::text) = (title IS NOT NULL))),
  constraint conversations_type_check CHECK ((type = ANY (ARRAY['direct'::text, 'group'::text])))
);

create table data_migrations (
  name text not null,
  state text default 'running'::text not null,
  cursor text,
  rows_done bigint default 0 not null,
  rate bigint, -- rows a second at most; null: as fast as it goes
  updated_at timestamp(3) with time zone default now() not null,
  constraint data_migrations_pkey PRIMARY KEY (name),
  constraint data_migrations_rate_check CHECK ((rate > 0)),
  constraint data_migrations_state_check CHECK ((state = ANY (ARRAY['running'::text, 'paused'::text, 'done'::text])))
);

create table database_state (
  id boolean default true not null,
  epoch integer default 1 not null,
  maintenance_since timestamp(3) with time zone, -- nobody may write from then on; null: everybody may
  timeline bigint, -- of PostgreSQL, on which the epoch began; null: not looked at yet
  installation_id uuid, -- names the owner of backups in a shared folder
  constraint database_state_pkey PRIMARY KEY (id),
  constraint database_state_single_check CHECK (id)
);

create table email_collisions (
  user_id uuid not null,
  taken_by uuid not null,
  found_at timestamp(3) with time zone default now() not null,
  constraint email_collisions_pkey PRIMARY KEY (user_id)
);

create table erasures (
  user_id uuid not null,
  messages text not null,
  erased_at timestamp(3) with time zone default now() not null,
  messages_done bigint default 0 not null,
  finished_at timestamp(3) with time zone, -- nothing is theirs any more from then on; null: messages are left
  journaled_at timestamp(3) with time zone, -- the journal beside the backups has it from then on
  constraint erasures_pkey PRIMARY KEY (user_id),
  constraint erasures_messages_check CHECK ((messages = ANY (ARRAY['keep'::text, 'remove'::text])))
);

create table friend_requests (
  id uuid not null,
  sender_id uuid not null,
  recipient_id uuid not null,
  status text default 'pending'::text not null,
  message text,
  created_at timestamp(3) with time zone default now() not null,
  responded_at timestamp(3) with time zone,
  list_position bigint, -- from next_list_position(): the newest first; null: by time
  constraint friend_requests_pkey PRIMARY KEY (id),
  constraint friend_requests_self_check CHECK ((sender_id <> recipient_id)),
  constraint friend_requests_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'accepted'::text, 'declined'::text, 'cancelled'::text])))
);

create table friendships (
  user_low_id uuid not null,
  user_high_id uuid not null,
  created_at timestamp(3) with time zone default now() not null,
  list_position bigint, -- from next_list_position(): the newest first; null: by time
  constraint friendships_pkey PRIMARY KEY (user_low_id, user_high_id),
  constraint friendships_order_check CHECK ((user_low_id < user_high_id))
);

create table invitations (
  id uuid not null,
  code_digest text not null, -- SHA-256 of the code, hexadecimal; the code itself is stored nowhere
  note text,
  max_uses bigint not null,
  uses bigint default 0 not null,
  created_at timestamp(3) with time zone default now() not null,
  expires_at timestamp(3) with time zone not null,
  revoked_at timestamp(3) with time zone,
  constraint invitations_pkey PRIMARY KEY (id),
  constraint invitations_code_digest_key UNIQUE (code_digest),
  constraint invitations_uses_check CHECK (((uses >= 0) AND (uses <= max_uses)))
);

create table legacy_findings (
  kind text not null,
  source_table text collate "C" not null,
  source_key text collate "C" not null,
  detail text not null,
  constraint legacy_findings_pkey PRIMARY KEY (kind, source_table, source_key)
);

create table legacy_imports (
  id boolean default true not null,
  source text not null,
  phase text default 'importing'::text not null,
  owner text,
  title text not null,
  room_id uuid,
  placeholder_id uuid,
  started_at timestamp(3) with time zone default now() not null,
  finished_at timestamp(3) with time zone,
  verified_at timestamp(3) with time zone,
  archived_at timestamp(3) with time zone,
  constraint legacy_imports_pkey PRIMARY KEY (id),
  constraint legacy_imports_phase_check CHECK ((phase = ANY (ARRAY['importing'::text, 'imported'::text, 'rolling-back'::text, 'archived'::text]))),
  constraint legacy_imports_single_check CHECK (id)
);

create table legacy_mappings (
  source_table text collate "C" not null,
  source_key text collate "C" not null,
  target_id uuid,
  constraint legacy_mappings_pkey PRIMARY KEY (source_table, source_key)
);

create table legacy_message_origins (
  message_id uuid not null,
  source_table text collate "C" not null,
  source_key text collate "C" not null,
  version text,
  parents text[],
  history_key text collate "C",
  author text,
  client_time timestamp with time zone,
  constraint legacy_message_origins_pkey PRIMARY KEY (message_id),
  constraint legacy_message_origins_source_key UNIQUE (source_table, source_key)
);

create table legacy_quarantine (
  source_table text collate "C" not null,
  source_key text collate "C" not null,
  reason text not null,
  "row" jsonb not null,
  constraint legacy_quarantine_pkey PRIMARY KEY (source_table, source_key)
);

create table legacy_rows (
  source_table text collate "C" not null,
  source_key text collate "C" not null,
  rank smallint not null,
  sort_at timestamp with time zone not null, -- created_at of the old row; -infinity when it has none that can be shown
  belongs_to text collate "C", -- what the row is looked up by: its conversation, its version, or its pair of people
  "row" jsonb not null,
  constraint legacy_rows_pkey PRIMARY KEY (source_table, source_key)
);

create table legacy_steps (
  step text not null,
  "position" jsonb,
  done bigint default 0 not null,
  is_finished boolean default false not null,
  constraint legacy_steps_pkey PRIMARY KEY (step)
);

create table legacy_version_edges (
  source_key text collate "C" not null,
  "position" integer not null,
  version text not null,
  parent text,
  kind text not null,
  constraint legacy_version_edges_pkey PRIMARY KEY (source_key, "position"),
  constraint legacy_version_edges_kind_check CHECK ((kind = ANY (ARRAY['known'::text, 'unknown'::text, 'self'::text, 'duplicate'::text, 'null'::text, 'cycle'::text])))
);

create table legacy_versions (
  source_key text collate "C" not null,
  version text not null,
  user_id uuid,
  parents text[],
  created_at timestamp with time zone,
  constraint legacy_versions_pkey PRIMARY KEY (source_key)
);

create table message_mentions (
  message_id uuid not null,
  "position" bigint not null, -- the order of the names in the text
  user_id uuid, -- null: everybody in the group, by @all
  conversation_id uuid not null, -- that of the message, as is seq: mentions are counted by them
  seq bigint not null,
  constraint message_mentions_pkey PRIMARY KEY (message_id, "position")
);

create table message_reactions (
  message_id uuid not null,
  emoji text collate "C" not null,
  user_id uuid not null,
  rev bigint not null, -- the rev that adding it took; reactions are listed in this order
  constraint message_reactions_pkey PRIMARY KEY (message_id, emoji, user_id)
);

-- history of messages that were edited or deleted, number 1 being the message as first sent; a message without rows here has that one version only
create table message_versions (
  message_id uuid not null,
  number integer not null,
  version text collate "C" not null,
  parents text[] not null,
  body text,
  author_id uuid,
  created_at timestamp(3) with time zone default now() not null,
  constraint message_versions_pkey PRIMARY KEY (message_id, number),
  constraint message_versions_number_check CHECK ((number > 0)),
  constraint message_versions_version_key UNIQUE (message_id, version)
);

-- what was applied, and by whom: app_version and duration_ms are null for what was there before the ledger, applied_at is null for what was begun outside of a transaction and not finished
create table migration_ledger (
  name text not null,
  checksum text not null,
  schema_version bigint not null,
  compat_version bigint not null,
  app_version text,
  duration_ms integer,
  applied_at timestamp(3) with time zone,
  constraint migration_ledger_pkey PRIMARY KEY (name)
);

create table migrations (
  id integer default nextval('migrations_id_seq'::regclass) not null,
  "timestamp" bigint not null,
  name character varying not null,
  constraint migrations_pkey PRIMARY KEY (id)
);

create table password_resets (
  user_id uuid not null,
  code_digest text not null, -- SHA-256 of the code, hexadecimal; the code itself is stored nowhere
  created_at timestamp(3) with time zone default now() not null,
  expires_at timestamp(3) with time zone not null,
  constraint password_resets_pkey PRIMARY KEY (user_id),
  constraint password_resets_code_digest_key UNIQUE (code_digest)
);

create table search_entries (
  message_id uuid not null,
  conversation_id uuid not null,
  words tsvector default ''::tsvector not null,
  is_current boolean default true not null, -- false: the text was changed, and its words are not here yet
  created_at timestamp(3) with time zone not null, -- that of the message
  constraint search_entries_pkey PRIMARY KEY (message_id)
);

create table search_positions (
  conversation_id uuid not null,
  indexed_seq bigint default 0 not null, -- each message up to it has an entry
  constraint search_positions_pkey PRIMARY KEY (conversation_id)
);

create table server_events (
  id bigint generated always as identity not null,
  transaction_id bigint not null, -- the transaction that has written it (xid8)
  server_id uuid not null, -- the server that has written it
  events jsonb not null,
  constraint server_events_pkey PRIMARY KEY (id)
);

create table servers (
  id uuid not null,
  lease_until timestamp(3) with time zone not null, -- after it the server delivers nothing until it has a new one
  applied text not null, -- the pg_snapshot up to which it has applied server_events
  carrier text, -- the broker that it is connected to; null: it is told by notifications
  constraint servers_pkey PRIMARY KEY (id)
);

create table sessions (
  id uuid not null,
  user_id uuid not null,
  device_name text,
  refresh_generation integer default 0 not null, -- generation of the newest refresh token that a client has presented; its successor is one higher
  presented_nonce text,
  issued_nonce text not null,
  rotated_at timestamp(3) with time zone default now() not null,
  created_at timestamp(3) with time zone default now() not null,
  last_used_at timestamp(3) with time zone default now() not null,
  expires_at timestamp(3) with time zone not null,
  ended_at timestamp(3) with time zone,
  opened_from text, -- digest of the person and the network that they signed in from; says nothing without the secret
  constraint sessions_pkey PRIMARY KEY (id)
);

create table user_presence (
  user_id uuid not null,
  is_invisible boolean default false not null,
  hides_last_seen boolean default false not null,
  last_seen_at timestamp(3) with time zone, -- when the person was last online and not invisible; up to a minute late while they are; null: never
  constraint user_presence_pkey PRIMARY KEY (user_id)
);

create table users (
  id uuid not null,
  username text collate "C" not null,
  email text collate "C",
  password_hash text not null,
  display_name text not null,
  avatar_url text,
  status text,
  is_operator boolean default false not null,
  created_at timestamp(3) with time zone default now() not null,
  updated_at timestamp(3) with time zone default now() not null,
  is_internal boolean default false not null,
  erased_at timestamp(3) with time zone, -- the person is no more; null: a person
  disabled_at timestamp(3) with time zone, -- an operator has disabled the account; null: it is usable
  constraint users_pkey PRIMARY KEY (id),
  constraint users_email_check CHECK ((email = lower(email))),
  constraint users_email_key UNIQUE (email),
  constraint users_username_check CHECK ((username ~ '^[a-z0-9._-]{3,32}$'::text)),
  constraint users_username_key UNIQUE (username)
);

alter table attachments add constraint attachments_message_fkey FOREIGN KEY (message_id) REFERENCES chat_messages(id) ON DELETE SET NULL;
alter table attachments add constraint attachments_uploader_fkey FOREIGN KEY (uploader_id) REFERENCES users(id) ON DELETE SET NULL;
alter table blocks add constraint blocks_blocked_fkey FOREIGN KEY (blocked_id) REFERENCES users(id) ON DELETE CASCADE;
alter table blocks add constraint blocks_blocker_fkey FOREIGN KEY (blocker_id) REFERENCES users(id) ON DELETE CASCADE;
alter table chat_messages add constraint chat_messages_conversation_fkey FOREIGN KEY (conversation_id) REFERENCES conversations(id) ON DELETE CASCADE;
alter table chat_messages add constraint chat_messages_reply_to_fkey FOREIGN KEY (reply_to_id) REFERENCES chat_messages(id) ON DELETE SET NULL;
alter table chat_messages add constraint chat_messages_sender_fkey FOREIGN KEY (sender_id) REFERENCES users(id) ON DELETE SET NULL;
alter table conversation_participants add constraint conversation_participants_conversation_fkey FOREIGN KEY (conversation_id) REFERENCES conversations(id) ON DELETE CASCADE;
alter table conversation_participants add constraint conversation_participants_user_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;
alter table conversations add constraint conversations_created_by_fkey FOREIGN KEY (created_by) REFERENCES users(id) ON DELETE SET NULL;
alter table email_collisions add constraint email_collisions_taken_by_fkey FOREIGN KEY (taken_by) REFERENCES users(id) ON DELETE CASCADE;
alter table email_collisions add constraint email_collisions_user_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;
alter table erasures add constraint erasures_user_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;
alter table friend_requests add constraint friend_requests_recipient_fkey FOREIGN KEY (recipient_id) REFERENCES users(id) ON DELETE CASCADE;
alter table friend_requests add constraint friend_requests_sender_fkey FOREIGN KEY (sender_id) REFERENCES users(id) ON DELETE CASCADE;
alter table friendships add constraint friendships_user_high_fkey FOREIGN KEY (user_high_id) REFERENCES users(id) ON DELETE CASCADE;
alter table friendships add constraint friendships_user_low_fkey FOREIGN KEY (user_low_id) REFERENCES users(id) ON DELETE CASCADE;
alter table legacy_message_origins add constraint legacy_message_origins_message_fkey FOREIGN KEY (message_id) REFERENCES chat_messages(id) ON DELETE CASCADE;
alter table message_mentions add constraint message_mentions_message_fkey FOREIGN KEY (message_id) REFERENCES chat_messages(id) ON DELETE CASCADE;
alter table message_mentions add constraint message_mentions_user_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;
alter table message_reactions add constraint message_reactions_message_fkey FOREIGN KEY (message_id) REFERENCES chat_messages(id) ON DELETE CASCADE;
alter table message_reactions add constraint message_reactions_user_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;
alter table message_versions add constraint message_versions_author_fkey FOREIGN KEY (author_id) REFERENCES users(id) ON DELETE SET NULL;
alter table message_versions add constraint message_versions_message_fkey FOREIGN KEY (message_id) REFERENCES chat_messages(id) ON DELETE CASCADE;
alter table password_resets add constraint password_resets_user_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;
alter table search_entries add constraint search_entries_message_fkey FOREIGN KEY (message_id) REFERENCES chat_messages(id) ON DELETE CASCADE;
alter table search_positions add constraint search_positions_conversation_fkey FOREIGN KEY (conversation_id) REFERENCES conversations(id) ON DELETE CASCADE;
alter table sessions add constraint sessions_user_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;
alter table user_presence add constraint user_presence_user_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;

CREATE OR REPLACE FUNCTION append_messages(message_ids uuid[], conversation_ids uuid[], sender_ids uuid[], types text[], bodies text[], reply_to_ids uuid[])
 RETURNS TABLE(ordinal bigint, outcome text, id uuid, conversation_id uuid, seq bigint, rev bigint, sender_id uuid, type text, body text, reply_to_id uuid, version text, parents text[], pinned_at timestamp with time zone, edited_at timestamp with time zone, deleted_at timestamp with time zone, created_at timestamp with time zone)
 LANGUAGE plpgsql
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_seqscan TO 'off'
AS $function$
      #variable_conflict use_column
      declare
        next_position bigint;
      begin
        perform from conversations c
          where c.id = any (conversation_ids)
          order by c.id
          for no key update;
        next_position := next_list_position();

        return query
        with input as materialized (
          select i.*
          from unnest(message_ids, conversation_ids, sender_ids, types, bodies, reply_to_ids) with ordinality
            as i (id, conversation_id, sender_id, type, body, reply_to_id, ordinal)
        ),
        judged as materialized (
          select i.*, c.last_seq, stored.id is not null as is_stored,
            case
              when p.user_id is null or c.id is null then 'conversation-not-found'
              when stored.id is not null then null
              when c.type = 'direct' and exists (
                  select from conversation_participants other
                  join blocks b on (b.blocker_id, b.blocked_id) = (other.user_id, i.sender_id)
                                or (b.blocker_id, b.blocked_id) = (i.sender_id, other.user_id)
                  where other.conversation_id = i.conversation_id and other.user_id <> i.sender_id)
                then 'forbidden'
              when i.reply_to_id is not null
                and not exists (select from chat_messages target
                                where target.id = i.reply_to_id and target.conversation_id = i.conversation_id)
                and not (
                  -- It may answer a message that is stored with it, if no other conversation gets to use that id.
                  exists (select from input earlier
                          where earlier.id = i.reply_to_id and earlier.ordinal < i.ordinal)
                  and not exists (select from input rival
                                  where rival.id = i.reply_to_id and rival.conversation_id <> i.conversation_id)
                  and not exists (select from chat_messages taken where taken.id = i.reply_to_id))
                then 'message-not-found'
            end as refusal
          from input i
          left join conversations c on c.id = i.conversation_id and c.deleted_at is null
          left join conversation_participants p
            on p.conversation_id = i.conversation_id and p.user_id = i.sender_id and p.left_at is null
          left join chat_messages stored on stored.id = i.id
        ),
        -- The same id twice in one batch: the first that may be stored is, the others are judged by it.
        ranked as materialized (
          select j.*, j.refusal is null and not j.is_stored
            and row_number() over (partition by j.id, j.refusal is null order by j.ordinal) = 1 as is_new
          from judged j
        ),
        inserted as (
          insert into chat_messages (id, conversation_id, seq, sender_id, type, body, reply_to_id, created_at)
          select j.id, j.conversation_id,
            j.last_seq + row_number() over (partition by j.conversation_id order by j.ordinal),
            j.sender_id, j.type, j.body, j.reply_to_id, clock_timestamp()
          from ranked j
          where j.is_new
          returning *
        ),
        numbered as (
          update conversations c
          set last_seq = fresh.last_seq, active_at = fresh.created_at, list_position = next_position
          from (select conversation_id, max(seq) as last_seq, max(created_at) as created_at
                from inserted group by conversation_id) fresh
          where c.id = fresh.conversation_id
        ),
        read_up_to as (
          update conversation_participants p
          set read_seq = greatest(p.read_seq, fresh.last_seq)
          from (select conversation_id, sender_id, max(seq) as last_seq
                from inserted group by conversation_id, sender_id) fresh
          where p.conversation_id = fresh.conversation_id and p.user_id = fresh.sender_id
        ),
        message as (
          select m.* from inserted m
          union all
          select m.* from chat_messages m where m.id in (select j.id from ranked j where j.is_stored)
        )
        select j.ordinal,
          case
            when j.refusal is not null then j.refusal
            when j.is_new then 'created'
            when m.sender_id is distinct from j.sender_id or m.conversation_id <> j.conversation_id
              then 'message-id-conflict'
            when m.deleted_at is not null then 'repeated'
            when m.type <> j.type or m.reply_to_id is distinct from j.reply_to_id
              or j.body is distinct from coalesce(
                (select first.body from message_versions first where first.message_id = m.id and first.number = 1), m.body)
              then 'message-id-conflict'
            else 'repeated'
          end,
          m.id, m.conversation_id, m.seq, m.rev, m.sender_id, m.type, m.body, m.reply_to_id, m.version, m.parents,
          m.pinned_at, m.edited_at, m.deleted_at, m.created_at
        from ranked j
        left join message m on m.id = j.id
        order by j.ordinal;
      end
      $function$;

CREATE OR REPLACE FUNCTION forget_search_entry()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
      begin
        insert into search_entries (message_id, conversation_id, is_current, created_at)
        values (new.id, new.conversation_id, new.body is null, new.created_at)
        on conflict (message_id) do update set words = '', is_current = excluded.is_current;
        return null;
      end
      $function$;

CREATE OR REPLACE FUNCTION next_list_position()
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
      declare
        counted bigint := nextval('list_positions');
        microseconds bigint := (extract(epoch from clock_timestamp()) * 1000000)::bigint;
      begin
        if counted >= microseconds then
          return counted;
        end if;
        return setval('list_positions', microseconds);
      end
      $function$;

CREATE OR REPLACE FUNCTION search_grams(words tsvector)
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
        select coalesce(array_agg(distinct substr(word, start, 3)), '{}')
        from unnest(tsvector_to_array(words)) word, generate_series(1, length(word) - 2) start
      $function$;

CREATE OR REPLACE FUNCTION search_stems(word text)
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
        select coalesce(array_agg(distinct stem), '{}')
        from unnest(ts_lexize('pg_catalog.english_stem', word) || ts_lexize('pg_catalog.german_stem', word)
          || ts_lexize('pg_catalog.french_stem', word) || ts_lexize('pg_catalog.spanish_stem', word)
          || ts_lexize('pg_catalog.russian_stem', word)) stem
        where stem <> word and stem <> ''
      $function$;

CREATE OR REPLACE FUNCTION store_mentions(message_ids uuid[], positions bigint[], names text[])
 RETURNS TABLE(message_id uuid, "position" bigint, user_id uuid)
 LANGUAGE plpgsql
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_seqscan TO 'off'
AS $function$
      #variable_conflict use_column
      begin
        return query
        with named as materialized (
          select n.* from unnest(message_ids, positions, names) as n (message_id, position, name)
        ),
        resolved as (
          select n.message_id, n.position, n.name, m.conversation_id, m.seq, u.id as user_id
          from named n
          join chat_messages m on m.id = n.message_id
          join users u on u.username = n.name
          join conversation_participants p
            on p.conversation_id = m.conversation_id and p.user_id = u.id and p.left_at is null
          where n.name <> 'all'
          union all
          select n.message_id, n.position, n.name, m.conversation_id, m.seq, null
          from named n
          join chat_messages m on m.id = n.message_id
          join conversations c on c.id = m.conversation_id and c.type = 'group'
          join conversation_participants p
            on p.conversation_id = m.conversation_id and p.user_id = m.sender_id and p.left_at is null
              and p.role in ('owner', 'admin')
          where n.name = 'all'
        ),
        -- A full stop may end a sentence or a username: the longest name that exists counts.
        longest as (
          select distinct on (r.message_id, r.position) r.* from resolved r
          order by r.message_id, r.position, length(r.name) desc
        ),
        earliest as materialized (
          select distinct on (l.message_id, l.user_id) l.* from longest l
          order by l.message_id, l.user_id, l.position
        ),
        stored as (
          insert into message_mentions (message_id, position, user_id, conversation_id, seq)
          select e.message_id, e.position, e.user_id, e.conversation_id, e.seq from earliest e
        )
        select e.message_id, e.position, e.user_id from earliest e;
      end
      $function$;

CREATE INDEX attachments_message_idx ON attachments USING btree (message_id, "position") WHERE (message_id IS NOT NULL);
CREATE INDEX attachments_unclaimed_idx ON attachments USING btree (created_at) WHERE (message_id IS NULL);
CREATE INDEX attachments_uploader_idx ON attachments USING btree (uploader_id, created_at);
CREATE INDEX authentication_events_created_idx ON authentication_events USING btree (created_at, id);
CREATE INDEX authentication_events_user_idx ON authentication_events USING btree (user_id, created_at, id);
CREATE INDEX blocks_blocked_idx ON blocks USING btree (blocked_id);
CREATE INDEX chat_messages_deleted_idx ON chat_messages USING btree (conversation_id, seq) WHERE (deleted_at IS NOT NULL);
CREATE INDEX chat_messages_pinned_idx ON chat_messages USING btree (conversation_id, seq) WHERE (pinned_at IS NOT NULL);
CREATE INDEX chat_messages_reply_to_idx ON chat_messages USING btree (reply_to_id) WHERE (reply_to_id IS NOT NULL);
CREATE INDEX chat_messages_rev_idx ON chat_messages USING btree (conversation_id, rev) WHERE (rev > 0);
CREATE INDEX chat_messages_sender_idx ON chat_messages USING btree (sender_id, conversation_id, seq);
CREATE UNIQUE INDEX conversation_participants_owner_key ON conversation_participants USING btree (conversation_id) WHERE ((role = 'owner'::text) AND (left_at IS NULL));
CREATE INDEX conversation_participants_rev_idx ON conversation_participants USING btree (conversation_id, rev);
CREATE INDEX conversation_participants_user_idx ON conversation_participants USING btree (user_id) WHERE (left_at IS NULL);
CREATE INDEX conversations_created_by_idx ON conversations USING btree (created_by);
CREATE INDEX email_collisions_taken_by_idx ON email_collisions USING btree (taken_by);
CREATE INDEX erasures_open_idx ON erasures USING btree (user_id) WHERE ((finished_at IS NULL) OR (journaled_at IS NULL));
CREATE UNIQUE INDEX friend_requests_pending_pair_key ON friend_requests USING btree (LEAST(sender_id, recipient_id), GREATEST(sender_id, recipient_id)) WHERE (status = 'pending'::text);
CREATE INDEX friend_requests_recipient_idx ON friend_requests USING btree (recipient_id);
CREATE INDEX friend_requests_sender_idx ON friend_requests USING btree (sender_id);
CREATE INDEX friendships_user_high_idx ON friendships USING btree (user_high_id);
CREATE INDEX legacy_mappings_target_idx ON legacy_mappings USING btree (target_id);
CREATE INDEX legacy_rows_belongs_to_idx ON legacy_rows USING btree (source_table, belongs_to);
CREATE INDEX legacy_rows_order_idx ON legacy_rows USING btree (source_table, rank, sort_at, source_key);
CREATE INDEX message_mentions_user_idx ON message_mentions USING btree (user_id, conversation_id, seq);
CREATE INDEX message_reactions_user_idx ON message_reactions USING btree (user_id, message_id);
CREATE INDEX message_versions_author_idx ON message_versions USING btree (author_id);
CREATE INDEX search_entries_grams_idx ON search_entries USING gin (search_grams(words));
CREATE INDEX search_entries_newest_idx ON search_entries USING btree (created_at, message_id);
CREATE INDEX search_entries_outdated_idx ON search_entries USING btree (conversation_id) WHERE (NOT is_current);
CREATE INDEX search_entries_recent_idx ON search_entries USING btree (conversation_id, created_at, message_id);
CREATE INDEX search_entries_words_idx ON search_entries USING gin (words);
CREATE INDEX server_events_transaction_idx ON server_events USING btree (transaction_id);
CREATE INDEX sessions_ended_idx ON sessions USING btree (ended_at) WHERE (ended_at IS NOT NULL);
CREATE INDEX sessions_user_idx ON sessions USING btree (user_id);
CREATE INDEX users_bcrypt_idx ON users USING btree (substr(password_hash, 5, 2)) WHERE (password_hash ~~ '$2%'::text);
CREATE INDEX users_skeleton_idx ON users USING btree (replace(translate(username, '01'::text, 'ol'::text), 'm'::text, 'rn'::text));

CREATE TRIGGER chat_messages_forget_search_entry AFTER UPDATE OF body ON chat_messages FOR EACH ROW WHEN ((old.body IS DISTINCT FROM new.body)) EXECUTE FUNCTION forget_search_entry();
