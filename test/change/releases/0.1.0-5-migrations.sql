
CREATE FUNCTION public.append_messages(message_ids uuid[], conversation_ids uuid[], sender_ids uuid[], types text[], bodies text[], reply_to_ids uuid[]) RETURNS TABLE(ordinal bigint, outcome text, id uuid, conversation_id uuid, seq bigint, rev bigint, sender_id uuid, type text, body text, reply_to_id uuid, version text, parents text[], pinned_at timestamp with time zone, edited_at timestamp with time zone, deleted_at timestamp with time zone, created_at timestamp with time zone)
    LANGUAGE plpgsql
    AS $$
      #variable_conflict use_column
      begin
        perform from conversations c
          where c.id = any (conversation_ids)
          order by c.id
          for no key update;

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
          set last_seq = fresh.last_seq, active_at = greatest(c.active_at, fresh.created_at)
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
      $$;

CREATE TABLE public.blocks (
    blocker_id uuid NOT NULL,
    blocked_id uuid NOT NULL,
    created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    CONSTRAINT blocks_self_check CHECK ((blocker_id <> blocked_id))
);

CREATE TABLE public.chat_messages (
    id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    seq bigint NOT NULL,
    rev bigint DEFAULT 0 NOT NULL,
    sender_id uuid,
    type text DEFAULT 'text'::text NOT NULL,
    body text,
    reply_to_id uuid,
    version text COLLATE pg_catalog."C",
    parents text[] DEFAULT '{}'::text[] NOT NULL,
    pinned_at timestamp(3) with time zone,
    edited_at timestamp(3) with time zone,
    deleted_at timestamp(3) with time zone,
    created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    CONSTRAINT chat_messages_body_check CHECK (((body IS NULL) = (deleted_at IS NOT NULL))),
    CONSTRAINT chat_messages_seq_check CHECK ((seq > 0)),
    CONSTRAINT chat_messages_type_check CHECK ((type = ANY (ARRAY['text'::text, 'image'::text, 'file'::text, 'system'::text])))
);

COMMENT ON COLUMN public.chat_messages.version IS 'the current version; null while it is the first one, whose name is the id';

CREATE TABLE public.conversation_participants (
    conversation_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role text NOT NULL,
    read_seq bigint DEFAULT 0 NOT NULL,
    hidden_seq bigint,
    rev bigint DEFAULT 0 NOT NULL,
    joined_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    left_at timestamp(3) with time zone,
    CONSTRAINT conversation_participants_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'member'::text])))
);

COMMENT ON COLUMN public.conversation_participants.hidden_seq IS 'a direct conversation is hidden from this person''s list while its last_seq is not above this';

CREATE TABLE public.conversations (
    id uuid NOT NULL,
    type text NOT NULL,
    title text,
    description text,
    direct_key text COLLATE pg_catalog."C",
    created_by uuid,
    last_seq bigint DEFAULT 0 NOT NULL,
    last_rev bigint DEFAULT 0 NOT NULL,
    settings_rev bigint DEFAULT 0 NOT NULL,
    active_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    updated_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp(3) with time zone,
    CONSTRAINT conversations_direct_check CHECK (((type = 'direct'::text) = (direct_key IS NOT NULL))),
    CONSTRAINT conversations_title_check CHECK (((type = 'group'::text) = (title IS NOT NULL))),
    CONSTRAINT conversations_type_check CHECK ((type = ANY (ARRAY['direct'::text, 'group'::text])))
);

COMMENT ON COLUMN public.conversations.settings_rev IS 'the rev that the last change of title or description took';

CREATE TABLE public.database_state (
    id boolean DEFAULT true NOT NULL,
    epoch integer DEFAULT 1 NOT NULL,
    CONSTRAINT database_state_single_check CHECK (id)
);

CREATE TABLE public.friend_requests (
    id uuid NOT NULL,
    sender_id uuid NOT NULL,
    recipient_id uuid NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    message text,
    created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    responded_at timestamp(3) with time zone,
    CONSTRAINT friend_requests_self_check CHECK ((sender_id <> recipient_id)),
    CONSTRAINT friend_requests_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'accepted'::text, 'declined'::text, 'cancelled'::text])))
);

CREATE TABLE public.friendships (
    user_low_id uuid NOT NULL,
    user_high_id uuid NOT NULL,
    created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    CONSTRAINT friendships_order_check CHECK ((user_low_id < user_high_id))
);

CREATE TABLE public.message_versions (
    message_id uuid NOT NULL,
    number integer NOT NULL,
    version text NOT NULL COLLATE pg_catalog."C",
    parents text[] NOT NULL,
    body text,
    author_id uuid,
    created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    CONSTRAINT message_versions_number_check CHECK ((number > 0))
);

COMMENT ON TABLE public.message_versions IS 'history of messages that were edited or deleted, number 1 being the message as first sent; a message without rows here has that one version only';

CREATE TABLE public.migrations (
    id integer NOT NULL,
    "timestamp" bigint NOT NULL,
    name character varying NOT NULL
);

CREATE SEQUENCE public.migrations_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.migrations_id_seq OWNED BY public.migrations.id;

CREATE TABLE public.sessions (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    device_name text,
    refresh_generation integer DEFAULT 0 NOT NULL,
    presented_nonce text,
    issued_nonce text NOT NULL,
    rotated_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    last_used_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    expires_at timestamp(3) with time zone NOT NULL,
    ended_at timestamp(3) with time zone
);

COMMENT ON COLUMN public.sessions.refresh_generation IS 'generation of the newest refresh token that a client has presented; its successor is one higher';

CREATE TABLE public.users (
    id uuid NOT NULL,
    username text NOT NULL COLLATE pg_catalog."C",
    email text COLLATE pg_catalog."C",
    password_hash text NOT NULL,
    display_name text NOT NULL,
    avatar_url text,
    status text,
    is_operator boolean DEFAULT false NOT NULL,
    created_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    updated_at timestamp(3) with time zone DEFAULT now() NOT NULL,
    is_internal boolean DEFAULT false NOT NULL,
    CONSTRAINT users_email_check CHECK ((email = lower(email))),
    CONSTRAINT users_username_check CHECK ((username ~ '^[a-z0-9._-]{3,32}$'::text))
);

ALTER TABLE ONLY public.migrations ALTER COLUMN id SET DEFAULT nextval('public.migrations_id_seq'::regclass);

INSERT INTO public.blocks VALUES ('01a21219-83e2-7d42-9564-d4d96ac4f96a', '01a21219-8492-7ee6-b15c-fe9957eebdbb', '2026-11-25 09:46:33.904+00');

INSERT INTO public.chat_messages VALUES ('01a21219-89f5-73f9-8fc0-5bae01cab858', '01a21219-8851-7fab-9896-6b3d24912d86', 3, 0, '01a21219-8492-7ee6-b15c-fe9957eebdbb', 'text', 'message 2 ''quoted'' \ 🎈', NULL, NULL, '{}', NULL, NULL, NULL, '2026-11-25 09:46:33.342+00');
INSERT INTO public.chat_messages VALUES ('01a21219-8a20-7685-8bfd-1ed294236a28', '01a21219-8851-7fab-9896-6b3d24912d86', 4, 0, '01a21219-82f5-75b4-92bf-ef04b2bd3590', 'text', 'message 3 ''quoted'' \ 🎈', NULL, NULL, '{}', NULL, NULL, NULL, '2026-11-25 09:46:33.379+00');
INSERT INTO public.chat_messages VALUES ('01a21219-8a34-7369-8e82-f17d0c2070ca', '01a21219-8851-7fab-9896-6b3d24912d86', 5, 0, '01a21219-83e2-7d42-9564-d4d96ac4f96a', 'text', 'message 4 ''quoted'' \ 🎈', NULL, NULL, '{}', NULL, NULL, NULL, '2026-11-25 09:46:33.399+00');
INSERT INTO public.chat_messages VALUES ('01a21219-8a4a-773a-8678-4095dec83216', '01a21219-8851-7fab-9896-6b3d24912d86', 6, 0, '01a21219-8492-7ee6-b15c-fe9957eebdbb', 'text', 'message 5 ''quoted'' \ 🎈', NULL, NULL, '{}', NULL, NULL, NULL, '2026-11-25 09:46:33.444+00');
INSERT INTO public.chat_messages VALUES ('01a21219-8a72-7989-890c-f5f90eefedf0', '01a21219-8851-7fab-9896-6b3d24912d86', 7, 0, '01a21219-82f5-75b4-92bf-ef04b2bd3590', 'text', 'message 6 ''quoted'' \ 🎈', NULL, NULL, '{}', NULL, NULL, NULL, '2026-11-25 09:46:33.464+00');
INSERT INTO public.chat_messages VALUES ('01a21219-8a90-7ea0-9ff2-cce16315db2c', '01a21219-8851-7fab-9896-6b3d24912d86', 8, 0, '01a21219-83e2-7d42-9564-d4d96ac4f96a', 'text', 'message 7 ''quoted'' \ 🎈', NULL, NULL, '{}', NULL, NULL, NULL, '2026-11-25 09:46:33.491+00');
INSERT INTO public.chat_messages VALUES ('01a21219-8aa0-7ed0-82b0-b178eec2926e', '01a21219-8851-7fab-9896-6b3d24912d86', 9, 0, '01a21219-8492-7ee6-b15c-fe9957eebdbb', 'text', 'message 8 ''quoted'' \ 🎈', NULL, NULL, '{}', NULL, NULL, NULL, '2026-11-25 09:46:33.507+00');
INSERT INTO public.chat_messages VALUES ('01a21219-8aca-77f8-8e66-87932d885415', '01a21219-8851-7fab-9896-6b3d24912d86', 10, 0, '01a21219-82f5-75b4-92bf-ef04b2bd3590', 'text', 'message 9 ''quoted'' \ 🎈', NULL, NULL, '{}', NULL, NULL, NULL, '2026-11-25 09:46:33.55+00');
INSERT INTO public.chat_messages VALUES ('01a21219-8ae6-7012-b073-29e719f63b6d', '01a21219-8851-7fab-9896-6b3d24912d86', 11, 0, '01a21219-83e2-7d42-9564-d4d96ac4f96a', 'text', 'message 10 ''quoted'' \ 🎈', NULL, NULL, '{}', NULL, NULL, NULL, '2026-11-25 09:46:33.58+00');
INSERT INTO public.chat_messages VALUES ('01a21219-8b00-7d24-b5d9-b956ae64dd18', '01a21219-8851-7fab-9896-6b3d24912d86', 12, 0, '01a21219-8492-7ee6-b15c-fe9957eebdbb', 'text', 'message 11 ''quoted'' \ 🎈', NULL, NULL, '{}', NULL, NULL, NULL, '2026-11-25 09:46:33.605+00');
INSERT INTO public.chat_messages VALUES ('01a21219-8b14-7813-a6ec-1da53fb44b89', '01a21219-879a-7266-bf1e-0602ea9d12a2', 1, 0, '01a21219-83e2-7d42-9564-d4d96ac4f96a', 'text', 'just between us', NULL, NULL, '{}', NULL, NULL, NULL, '2026-11-25 09:46:33.623+00');
INSERT INTO public.chat_messages VALUES ('01a21219-8b27-7bb0-a662-9ed904799b22', '01a21219-8851-7fab-9896-6b3d24912d86', 13, 0, '01a21219-83e2-7d42-9564-d4d96ac4f96a', 'text', 'an answer', '01a21219-8a20-7685-8bfd-1ed294236a28', NULL, '{}', NULL, NULL, NULL, '2026-11-25 09:46:33.642+00');
INSERT INTO public.chat_messages VALUES ('01a21219-894c-7249-a555-3ba833c9576d', '01a21219-8851-7fab-9896-6b3d24912d86', 1, 2, '01a21219-82f5-75b4-92bf-ef04b2bd3590', 'text', 'edited twice', NULL, '01a21219-8b5b-7600-93f0-23829a1250ab', '{01a21219-8b41-73b2-b033-29d02689835d}', NULL, '2026-11-25 09:46:33.689+00', NULL, '2026-11-25 09:46:33.241+00');
INSERT INTO public.chat_messages VALUES ('01a21219-89c5-7813-938a-34d54261cd43', '01a21219-8851-7fab-9896-6b3d24912d86', 2, 3, '01a21219-83e2-7d42-9564-d4d96ac4f96a', 'text', NULL, NULL, '01a21219-8b71-71cf-bd83-87299229c8c7', '{01a21219-89c5-7813-938a-34d54261cd43}', NULL, NULL, '2026-11-25 09:46:33.71+00', '2026-11-25 09:46:33.301+00');

INSERT INTO public.conversation_participants VALUES ('01a21219-879a-7266-bf1e-0602ea9d12a2', '01a21219-82f5-75b4-92bf-ef04b2bd3590', 'member', 0, NULL, 0, '2026-11-25 09:46:32.338+00', NULL);
INSERT INTO public.conversation_participants VALUES ('01a21219-8851-7fab-9896-6b3d24912d86', '01a21219-82f5-75b4-92bf-ef04b2bd3590', 'owner', 10, NULL, 0, '2026-11-25 09:46:32.956+00', NULL);
INSERT INTO public.conversation_participants VALUES ('01a21219-879a-7266-bf1e-0602ea9d12a2', '01a21219-83e2-7d42-9564-d4d96ac4f96a', 'member', 1, NULL, 0, '2026-11-25 09:46:32.338+00', NULL);
INSERT INTO public.conversation_participants VALUES ('01a21219-8851-7fab-9896-6b3d24912d86', '01a21219-83e2-7d42-9564-d4d96ac4f96a', 'member', 13, NULL, 0, '2026-11-25 09:46:32.956+00', NULL);
INSERT INTO public.conversation_participants VALUES ('01a21219-8851-7fab-9896-6b3d24912d86', '01a21219-8492-7ee6-b15c-fe9957eebdbb', 'member', 12, NULL, 4, '2026-11-25 09:46:32.956+00', '2026-11-25 09:46:33.77+00');

INSERT INTO public.conversations VALUES ('01a21219-879a-7266-bf1e-0602ea9d12a2', 'direct', NULL, NULL, '01a21219-82f5-75b4-92bf-ef04b2bd3590:01a21219-83e2-7d42-9564-d4d96ac4f96a', '01a21219-82f5-75b4-92bf-ef04b2bd3590', 1, 0, 0, '2026-11-25 09:46:33.623+00', '2026-11-25 09:46:32.338+00', '2026-11-25 09:46:32.338+00', NULL);
INSERT INTO public.conversations VALUES ('01a21219-8851-7fab-9896-6b3d24912d86', 'group', 'Grüße & 東京', NULL, NULL, '01a21219-82f5-75b4-92bf-ef04b2bd3590', 13, 4, 0, '2026-11-25 09:46:33.642+00', '2026-11-25 09:46:32.956+00', '2026-11-25 09:46:32.956+00', NULL);

INSERT INTO public.database_state VALUES (true, 1);

INSERT INTO public.friend_requests VALUES ('01a21219-8bd4-7d52-9d05-3f2222ba6878', '01a21219-82f5-75b4-92bf-ef04b2bd3590', '01a21219-83e2-7d42-9564-d4d96ac4f96a', 'accepted', NULL, '2026-11-25 09:46:33.801+00', '2026-11-25 09:46:33.84+00');
INSERT INTO public.friend_requests VALUES ('01a21219-8c1f-7452-904b-295fdbb9cf49', '01a21219-8492-7ee6-b15c-fe9957eebdbb', '01a21219-82f5-75b4-92bf-ef04b2bd3590', 'pending', 'hello', '2026-11-25 09:46:33.878+00', NULL);

INSERT INTO public.friendships VALUES ('01a21219-82f5-75b4-92bf-ef04b2bd3590', '01a21219-83e2-7d42-9564-d4d96ac4f96a', '2026-11-25 09:46:33.835+00');

INSERT INTO public.message_versions VALUES ('01a21219-894c-7249-a555-3ba833c9576d', 1, '01a21219-894c-7249-a555-3ba833c9576d', '{}', 'message 0 ''quoted'' \ 🎈', '01a21219-82f5-75b4-92bf-ef04b2bd3590', '2026-11-25 09:46:33.241+00');
INSERT INTO public.message_versions VALUES ('01a21219-894c-7249-a555-3ba833c9576d', 2, '01a21219-8b41-73b2-b033-29d02689835d', '{01a21219-894c-7249-a555-3ba833c9576d}', 'edited once', '01a21219-82f5-75b4-92bf-ef04b2bd3590', '2026-11-25 09:46:33.66+00');
INSERT INTO public.message_versions VALUES ('01a21219-894c-7249-a555-3ba833c9576d', 3, '01a21219-8b5b-7600-93f0-23829a1250ab', '{01a21219-8b41-73b2-b033-29d02689835d}', 'edited twice', '01a21219-82f5-75b4-92bf-ef04b2bd3590', '2026-11-25 09:46:33.689+00');
INSERT INTO public.message_versions VALUES ('01a21219-89c5-7813-938a-34d54261cd43', 1, '01a21219-89c5-7813-938a-34d54261cd43', '{}', NULL, '01a21219-83e2-7d42-9564-d4d96ac4f96a', '2026-11-25 09:46:33.301+00');
INSERT INTO public.message_versions VALUES ('01a21219-89c5-7813-938a-34d54261cd43', 2, '01a21219-8b71-71cf-bd83-87299229c8c7', '{01a21219-89c5-7813-938a-34d54261cd43}', NULL, '01a21219-83e2-7d42-9564-d4d96ac4f96a', '2026-11-25 09:46:33.71+00');

INSERT INTO public.migrations VALUES (1, 1764000000000, 'InitialSchema1764000000000');
INSERT INTO public.migrations VALUES (2, 1764000000001, 'AppendMessages1764000000001');
INSERT INTO public.migrations VALUES (3, 1764000000006, 'InternalUsers1764000000006');
INSERT INTO public.migrations VALUES (4, 1764000000007, 'AnswersWithinBatch1764000000007');
INSERT INTO public.migrations VALUES (5, 1764000000008, 'UnreadIndexes1764000000008');

INSERT INTO public.sessions VALUES ('01a21219-830a-75c6-87e3-045782782599', '01a21219-82f5-75b4-92bf-ef04b2bd3590', NULL, 0, NULL, '1f539c44f7062fe99083aaa8', '2026-11-25 09:46:31.54+00', '2026-11-25 09:46:31.54+00', '2026-11-25 09:46:31.54+00', '2026-12-25 09:46:31.562+00', NULL);
INSERT INTO public.sessions VALUES ('01a21219-83eb-794a-b33c-5a6ed5c7998f', '01a21219-83e2-7d42-9564-d4d96ac4f96a', NULL, 0, NULL, 'b60329064e919fa709d352fc', '2026-11-25 09:46:31.778+00', '2026-11-25 09:46:31.778+00', '2026-11-25 09:46:31.778+00', '2026-12-25 09:46:31.788+00', NULL);
INSERT INTO public.sessions VALUES ('01a21219-8496-7464-90a4-92885dfaa77f', '01a21219-8492-7ee6-b15c-fe9957eebdbb', NULL, 0, NULL, 'ed9e5f47199fd874861997fc', '2026-11-25 09:46:31.955+00', '2026-11-25 09:46:31.955+00', '2026-11-25 09:46:31.955+00', '2026-12-25 09:46:31.958+00', NULL);
INSERT INTO public.sessions VALUES ('01a21219-85c2-72d3-ab11-f75f459db4d1', '01a21219-82f5-75b4-92bf-ef04b2bd3590', NULL, 0, NULL, '39d966c3fe70a24779d403b6', '2026-11-25 09:46:32.258+00', '2026-11-25 09:46:32.258+00', '2026-11-25 09:46:32.258+00', '2026-12-25 09:46:32.259+00', NULL);

INSERT INTO public.users VALUES ('01a21219-82f5-75b4-92bf-ef04b2bd3590', 'ada', NULL, '$argon2id$v=19$m=19456,t=2,p=1$IBJGNaTO9FDnKI/MaV2eHQ$hMBREUYV2d62C68HVuqSBNRLSOsTIZfkkXIjNPVEhIs', 'ada', NULL, NULL, false, '2026-11-25 09:46:31.54+00', '2026-11-25 09:46:31.54+00', false);
INSERT INTO public.users VALUES ('01a21219-83e2-7d42-9564-d4d96ac4f96a', 'ben', NULL, '$argon2id$v=19$m=19456,t=2,p=1$Jcdiuvfmp3E6Xe06KVCaSA$92tSW9dfv14wE6NYaMKl3VG030Z0udnBMSN2cyoUvxU', 'ben', NULL, NULL, false, '2026-11-25 09:46:31.778+00', '2026-11-25 09:46:31.778+00', false);
INSERT INTO public.users VALUES ('01a21219-8492-7ee6-b15c-fe9957eebdbb', 'cleo', NULL, '$argon2id$v=19$m=19456,t=2,p=1$YfbzmShv88Sx2SXHrwrntQ$EJnVhvREMuqfLMMS9mDpyMu6hgU985gRUCOBsfwFziE', 'cleo', NULL, NULL, false, '2026-11-25 09:46:31.955+00', '2026-11-25 09:46:31.955+00', false);

SELECT pg_catalog.setval('public.migrations_id_seq', 5, true);

ALTER TABLE ONLY public.migrations
    ADD CONSTRAINT "PK_8c82d7f526340ab734260ea46be" PRIMARY KEY (id);

ALTER TABLE ONLY public.blocks
    ADD CONSTRAINT blocks_pkey PRIMARY KEY (blocker_id, blocked_id);

ALTER TABLE ONLY public.chat_messages
    ADD CONSTRAINT chat_messages_conversation_seq_key UNIQUE (conversation_id, seq);

ALTER TABLE ONLY public.chat_messages
    ADD CONSTRAINT chat_messages_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.conversation_participants
    ADD CONSTRAINT conversation_participants_pkey PRIMARY KEY (conversation_id, user_id);

ALTER TABLE ONLY public.conversations
    ADD CONSTRAINT conversations_direct_key_key UNIQUE (direct_key);

ALTER TABLE ONLY public.conversations
    ADD CONSTRAINT conversations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.database_state
    ADD CONSTRAINT database_state_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.friend_requests
    ADD CONSTRAINT friend_requests_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.friendships
    ADD CONSTRAINT friendships_pkey PRIMARY KEY (user_low_id, user_high_id);

ALTER TABLE ONLY public.message_versions
    ADD CONSTRAINT message_versions_pkey PRIMARY KEY (message_id, number);

ALTER TABLE ONLY public.message_versions
    ADD CONSTRAINT message_versions_version_key UNIQUE (message_id, version);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_email_key UNIQUE (email);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_username_key UNIQUE (username);

CREATE INDEX blocks_blocked_idx ON public.blocks USING btree (blocked_id);

CREATE INDEX chat_messages_deleted_idx ON public.chat_messages USING btree (conversation_id, seq) WHERE (deleted_at IS NOT NULL);

CREATE INDEX chat_messages_reply_to_idx ON public.chat_messages USING btree (reply_to_id) WHERE (reply_to_id IS NOT NULL);

CREATE INDEX chat_messages_rev_idx ON public.chat_messages USING btree (conversation_id, rev) WHERE (rev > 0);

CREATE INDEX chat_messages_sender_idx ON public.chat_messages USING btree (sender_id, conversation_id, seq);

CREATE UNIQUE INDEX conversation_participants_owner_key ON public.conversation_participants USING btree (conversation_id) WHERE ((role = 'owner'::text) AND (left_at IS NULL));

CREATE INDEX conversation_participants_rev_idx ON public.conversation_participants USING btree (conversation_id, rev);

CREATE INDEX conversation_participants_user_idx ON public.conversation_participants USING btree (user_id) WHERE (left_at IS NULL);

CREATE INDEX conversations_created_by_idx ON public.conversations USING btree (created_by);

CREATE UNIQUE INDEX friend_requests_pending_pair_key ON public.friend_requests USING btree (LEAST(sender_id, recipient_id), GREATEST(sender_id, recipient_id)) WHERE (status = 'pending'::text);

CREATE INDEX friend_requests_recipient_idx ON public.friend_requests USING btree (recipient_id);

CREATE INDEX friend_requests_sender_idx ON public.friend_requests USING btree (sender_id);

CREATE INDEX friendships_user_high_idx ON public.friendships USING btree (user_high_id);

CREATE INDEX message_versions_author_idx ON public.message_versions USING btree (author_id);

CREATE INDEX sessions_user_idx ON public.sessions USING btree (user_id);

ALTER TABLE ONLY public.blocks
    ADD CONSTRAINT blocks_blocked_fkey FOREIGN KEY (blocked_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.blocks
    ADD CONSTRAINT blocks_blocker_fkey FOREIGN KEY (blocker_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.chat_messages
    ADD CONSTRAINT chat_messages_conversation_fkey FOREIGN KEY (conversation_id) REFERENCES public.conversations(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.chat_messages
    ADD CONSTRAINT chat_messages_reply_to_fkey FOREIGN KEY (reply_to_id) REFERENCES public.chat_messages(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.chat_messages
    ADD CONSTRAINT chat_messages_sender_fkey FOREIGN KEY (sender_id) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.conversation_participants
    ADD CONSTRAINT conversation_participants_conversation_fkey FOREIGN KEY (conversation_id) REFERENCES public.conversations(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.conversation_participants
    ADD CONSTRAINT conversation_participants_user_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.conversations
    ADD CONSTRAINT conversations_created_by_fkey FOREIGN KEY (created_by) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.friend_requests
    ADD CONSTRAINT friend_requests_recipient_fkey FOREIGN KEY (recipient_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.friend_requests
    ADD CONSTRAINT friend_requests_sender_fkey FOREIGN KEY (sender_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.friendships
    ADD CONSTRAINT friendships_user_high_fkey FOREIGN KEY (user_high_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.friendships
    ADD CONSTRAINT friendships_user_low_fkey FOREIGN KEY (user_low_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.message_versions
    ADD CONSTRAINT message_versions_author_fkey FOREIGN KEY (author_id) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.message_versions
    ADD CONSTRAINT message_versions_message_fkey FOREIGN KEY (message_id) REFERENCES public.chat_messages(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_user_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

