
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
                and not exists (select from input earlier
                                where earlier.id = i.reply_to_id and earlier.conversation_id = i.conversation_id
                                  and earlier.sender_id = i.sender_id and earlier.ordinal < i.ordinal)
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
    CONSTRAINT users_email_check CHECK ((email = lower(email))),
    CONSTRAINT users_username_check CHECK ((username ~ '^[a-z0-9._-]{3,32}$'::text))
);

ALTER TABLE ONLY public.migrations ALTER COLUMN id SET DEFAULT nextval('public.migrations_id_seq'::regclass);

INSERT INTO public.blocks VALUES ('01a21218-be73-7af7-ae3b-7df025178bcf', '01a21218-bf0c-7b1a-b413-19a6e0997b19', '2026-11-25 09:45:43.376+00');

INSERT INTO public.chat_messages VALUES ('01a21218-c304-7664-84e3-7c11930acf8d', '01a21218-c1f6-7bec-9ba1-8fed71b8ce16', 3, 0, '01a21218-bf0c-7b1a-b413-19a6e0997b19', 'text', 'message 2 ''quoted'' \ 🎈', NULL, NULL, '{}', NULL, NULL, NULL, '2026-11-25 09:45:42.424+00');
INSERT INTO public.chat_messages VALUES ('01a21218-c33f-73ca-b237-13ad2ff84e51', '01a21218-c1f6-7bec-9ba1-8fed71b8ce16', 4, 0, '01a21218-bda7-7090-b416-5385ca756b5c', 'text', 'message 3 ''quoted'' \ 🎈', NULL, NULL, '{}', NULL, NULL, NULL, '2026-11-25 09:45:42.469+00');
INSERT INTO public.chat_messages VALUES ('01a21218-c36d-7feb-bacb-3c8fd0b29f6e', '01a21218-c1f6-7bec-9ba1-8fed71b8ce16', 5, 0, '01a21218-be73-7af7-ae3b-7df025178bcf', 'text', 'message 4 ''quoted'' \ 🎈', NULL, NULL, '{}', NULL, NULL, NULL, '2026-11-25 09:45:42.532+00');
INSERT INTO public.chat_messages VALUES ('01a21218-c39d-749f-bbf0-94d800f3a403', '01a21218-c1f6-7bec-9ba1-8fed71b8ce16', 6, 0, '01a21218-bf0c-7b1a-b413-19a6e0997b19', 'text', 'message 5 ''quoted'' \ 🎈', NULL, NULL, '{}', NULL, NULL, NULL, '2026-11-25 09:45:42.585+00');
INSERT INTO public.chat_messages VALUES ('01a21218-c3df-7d8c-ad4d-15a071cd6780', '01a21218-c1f6-7bec-9ba1-8fed71b8ce16', 7, 0, '01a21218-bda7-7090-b416-5385ca756b5c', 'text', 'message 6 ''quoted'' \ 🎈', NULL, NULL, '{}', NULL, NULL, NULL, '2026-11-25 09:45:42.626+00');
INSERT INTO public.chat_messages VALUES ('01a21218-c405-7415-b381-b0d79649f91d', '01a21218-c1f6-7bec-9ba1-8fed71b8ce16', 8, 0, '01a21218-be73-7af7-ae3b-7df025178bcf', 'text', 'message 7 ''quoted'' \ 🎈', NULL, NULL, '{}', NULL, NULL, NULL, '2026-11-25 09:45:42.664+00');
INSERT INTO public.chat_messages VALUES ('01a21218-c41c-7b32-99bf-004caeb2b637', '01a21218-c1f6-7bec-9ba1-8fed71b8ce16', 9, 0, '01a21218-bf0c-7b1a-b413-19a6e0997b19', 'text', 'message 8 ''quoted'' \ 🎈', NULL, NULL, '{}', NULL, NULL, NULL, '2026-11-25 09:45:42.687+00');
INSERT INTO public.chat_messages VALUES ('01a21218-c49a-7ed5-966a-4901ac9f0e6f', '01a21218-c1f6-7bec-9ba1-8fed71b8ce16', 10, 0, '01a21218-bda7-7090-b416-5385ca756b5c', 'text', 'message 9 ''quoted'' \ 🎈', NULL, NULL, '{}', NULL, NULL, NULL, '2026-11-25 09:45:42.813+00');
INSERT INTO public.chat_messages VALUES ('01a21218-c4a6-7210-a5e4-80e5827aede5', '01a21218-c1f6-7bec-9ba1-8fed71b8ce16', 11, 0, '01a21218-be73-7af7-ae3b-7df025178bcf', 'text', 'message 10 ''quoted'' \ 🎈', NULL, NULL, '{}', NULL, NULL, NULL, '2026-11-25 09:45:42.824+00');
INSERT INTO public.chat_messages VALUES ('01a21218-c4b9-7f89-9413-67a6b1c2c251', '01a21218-c1f6-7bec-9ba1-8fed71b8ce16', 12, 0, '01a21218-bf0c-7b1a-b413-19a6e0997b19', 'text', 'message 11 ''quoted'' \ 🎈', NULL, NULL, '{}', NULL, NULL, NULL, '2026-11-25 09:45:42.844+00');
INSERT INTO public.chat_messages VALUES ('01a21218-c4cf-77a9-9c4e-574d5b135d47', '01a21218-c191-7bfe-83bc-c09ba242c4dc', 1, 0, '01a21218-be73-7af7-ae3b-7df025178bcf', 'text', 'just between us', NULL, NULL, '{}', NULL, NULL, NULL, '2026-11-25 09:45:42.866+00');
INSERT INTO public.chat_messages VALUES ('01a21218-c4e8-73ca-b4dd-159b29668453', '01a21218-c1f6-7bec-9ba1-8fed71b8ce16', 13, 0, '01a21218-be73-7af7-ae3b-7df025178bcf', 'text', 'an answer', '01a21218-c33f-73ca-b237-13ad2ff84e51', NULL, '{}', NULL, NULL, NULL, '2026-11-25 09:45:42.892+00');
INSERT INTO public.chat_messages VALUES ('01a21218-c263-722a-baac-1f8dbee4940c', '01a21218-c1f6-7bec-9ba1-8fed71b8ce16', 1, 2, '01a21218-bda7-7090-b416-5385ca756b5c', 'text', 'edited twice', NULL, '01a21218-c565-7f2e-8290-562b8203acf6', '{01a21218-c515-7995-8592-3ffe502a500c}', NULL, '2026-11-25 09:45:43.006+00', NULL, '2026-11-25 09:45:42.293+00');
INSERT INTO public.chat_messages VALUES ('01a21218-c2d2-7068-acf8-b92620134b90', '01a21218-c1f6-7bec-9ba1-8fed71b8ce16', 2, 3, '01a21218-be73-7af7-ae3b-7df025178bcf', 'text', NULL, NULL, '01a21218-c5a0-79f2-a9e2-6a13b13b13a2', '{01a21218-c2d2-7068-acf8-b92620134b90}', NULL, NULL, '2026-11-25 09:45:43.065+00', '2026-11-25 09:45:42.365+00');

INSERT INTO public.conversation_participants VALUES ('01a21218-c191-7bfe-83bc-c09ba242c4dc', '01a21218-bda7-7090-b416-5385ca756b5c', 'member', 0, NULL, 0, '2026-11-25 09:45:41.986+00', NULL);
INSERT INTO public.conversation_participants VALUES ('01a21218-c1f6-7bec-9ba1-8fed71b8ce16', '01a21218-bda7-7090-b416-5385ca756b5c', 'owner', 10, NULL, 0, '2026-11-25 09:45:42.135+00', NULL);
INSERT INTO public.conversation_participants VALUES ('01a21218-c191-7bfe-83bc-c09ba242c4dc', '01a21218-be73-7af7-ae3b-7df025178bcf', 'member', 1, NULL, 0, '2026-11-25 09:45:41.986+00', NULL);
INSERT INTO public.conversation_participants VALUES ('01a21218-c1f6-7bec-9ba1-8fed71b8ce16', '01a21218-be73-7af7-ae3b-7df025178bcf', 'member', 13, NULL, 0, '2026-11-25 09:45:42.135+00', NULL);
INSERT INTO public.conversation_participants VALUES ('01a21218-c1f6-7bec-9ba1-8fed71b8ce16', '01a21218-bf0c-7b1a-b413-19a6e0997b19', 'member', 12, NULL, 4, '2026-11-25 09:45:42.135+00', '2026-11-25 09:45:43.151+00');

INSERT INTO public.conversations VALUES ('01a21218-c191-7bfe-83bc-c09ba242c4dc', 'direct', NULL, NULL, '01a21218-bda7-7090-b416-5385ca756b5c:01a21218-be73-7af7-ae3b-7df025178bcf', '01a21218-bda7-7090-b416-5385ca756b5c', 1, 0, 0, '2026-11-25 09:45:42.866+00', '2026-11-25 09:45:41.986+00', '2026-11-25 09:45:41.986+00', NULL);
INSERT INTO public.conversations VALUES ('01a21218-c1f6-7bec-9ba1-8fed71b8ce16', 'group', 'Grüße & 東京', NULL, NULL, '01a21218-bda7-7090-b416-5385ca756b5c', 13, 4, 0, '2026-11-25 09:45:42.892+00', '2026-11-25 09:45:42.135+00', '2026-11-25 09:45:42.135+00', NULL);

INSERT INTO public.database_state VALUES (true, 1);

INSERT INTO public.friend_requests VALUES ('01a21218-c62e-7794-a334-e860e2751a86', '01a21218-bda7-7090-b416-5385ca756b5c', '01a21218-be73-7af7-ae3b-7df025178bcf', 'accepted', NULL, '2026-11-25 09:45:43.178+00', '2026-11-25 09:45:43.256+00');
INSERT INTO public.friend_requests VALUES ('01a21218-c6a2-7ae5-9948-463778401e47', '01a21218-bf0c-7b1a-b413-19a6e0997b19', '01a21218-bda7-7090-b416-5385ca756b5c', 'pending', 'hello', '2026-11-25 09:45:43.312+00', NULL);

INSERT INTO public.friendships VALUES ('01a21218-bda7-7090-b416-5385ca756b5c', '01a21218-be73-7af7-ae3b-7df025178bcf', '2026-11-25 09:45:43.244+00');

INSERT INTO public.message_versions VALUES ('01a21218-c263-722a-baac-1f8dbee4940c', 1, '01a21218-c263-722a-baac-1f8dbee4940c', '{}', 'message 0 ''quoted'' \ 🎈', '01a21218-bda7-7090-b416-5385ca756b5c', '2026-11-25 09:45:42.293+00');
INSERT INTO public.message_versions VALUES ('01a21218-c263-722a-baac-1f8dbee4940c', 2, '01a21218-c515-7995-8592-3ffe502a500c', '{01a21218-c263-722a-baac-1f8dbee4940c}', 'edited once', '01a21218-bda7-7090-b416-5385ca756b5c', '2026-11-25 09:45:42.926+00');
INSERT INTO public.message_versions VALUES ('01a21218-c263-722a-baac-1f8dbee4940c', 3, '01a21218-c565-7f2e-8290-562b8203acf6', '{01a21218-c515-7995-8592-3ffe502a500c}', 'edited twice', '01a21218-bda7-7090-b416-5385ca756b5c', '2026-11-25 09:45:43.006+00');
INSERT INTO public.message_versions VALUES ('01a21218-c2d2-7068-acf8-b92620134b90', 1, '01a21218-c2d2-7068-acf8-b92620134b90', '{}', NULL, '01a21218-be73-7af7-ae3b-7df025178bcf', '2026-11-25 09:45:42.365+00');
INSERT INTO public.message_versions VALUES ('01a21218-c2d2-7068-acf8-b92620134b90', 2, '01a21218-c5a0-79f2-a9e2-6a13b13b13a2', '{01a21218-c2d2-7068-acf8-b92620134b90}', NULL, '01a21218-be73-7af7-ae3b-7df025178bcf', '2026-11-25 09:45:43.065+00');

INSERT INTO public.migrations VALUES (1, 1764000000000, 'InitialSchema1764000000000');
INSERT INTO public.migrations VALUES (2, 1764000000001, 'AppendMessages1764000000001');

INSERT INTO public.sessions VALUES ('01a21218-bdb4-7fa6-b66c-8201f008da62', '01a21218-bda7-7090-b416-5385ca756b5c', NULL, 0, NULL, '42c44a8975539f2905d6bfaf', '2026-11-25 09:45:41.027+00', '2026-11-25 09:45:41.027+00', '2026-11-25 09:45:41.027+00', '2026-12-25 09:45:41.044+00', NULL);
INSERT INTO public.sessions VALUES ('01a21218-be77-7dcc-a266-12a693050003', '01a21218-be73-7af7-ae3b-7df025178bcf', NULL, 0, NULL, '16c1659d1d0c9aa3e6848332', '2026-11-25 09:45:41.235+00', '2026-11-25 09:45:41.235+00', '2026-11-25 09:45:41.235+00', '2026-12-25 09:45:41.239+00', NULL);
INSERT INTO public.sessions VALUES ('01a21218-bf12-776d-b4c4-b41b1601d29a', '01a21218-bf0c-7b1a-b413-19a6e0997b19', NULL, 0, NULL, 'da8d15696f9dbf96be70a4ef', '2026-11-25 09:45:41.388+00', '2026-11-25 09:45:41.388+00', '2026-11-25 09:45:41.388+00', '2026-12-25 09:45:41.394+00', NULL);
INSERT INTO public.sessions VALUES ('01a21218-c005-77ae-ba3a-4c08984e0cc9', '01a21218-bda7-7090-b416-5385ca756b5c', NULL, 0, NULL, 'd2b3b24f30cd5fd2db10476f', '2026-11-25 09:45:41.631+00', '2026-11-25 09:45:41.631+00', '2026-11-25 09:45:41.631+00', '2026-12-25 09:45:41.637+00', NULL);

INSERT INTO public.users VALUES ('01a21218-bda7-7090-b416-5385ca756b5c', 'ada', NULL, '$argon2id$v=19$m=19456,t=2,p=1$+VZqEJBgfDexuzhvBaUpmg$XSnX1p/bheC7WbtaaUtl+2uVZd6WXX8LWFm8eJMapeg', 'ada', NULL, NULL, false, '2026-11-25 09:45:41.027+00', '2026-11-25 09:45:41.027+00');
INSERT INTO public.users VALUES ('01a21218-be73-7af7-ae3b-7df025178bcf', 'ben', NULL, '$argon2id$v=19$m=19456,t=2,p=1$MgXTaHnMDCmoD4ZnBf2X4A$gNnaBgJ3aIAc7z+Ev04U10MVZIQqWKByA4Ssf+Ow2uY', 'ben', NULL, NULL, false, '2026-11-25 09:45:41.235+00', '2026-11-25 09:45:41.235+00');
INSERT INTO public.users VALUES ('01a21218-bf0c-7b1a-b413-19a6e0997b19', 'cleo', NULL, '$argon2id$v=19$m=19456,t=2,p=1$AOo8pN0TRzygvuQ1Ocn/rg$6rCP6fvw6jMYq1y9b4Kc3k7ArN5xJy8lV73s4XEJt1I', 'cleo', NULL, NULL, false, '2026-11-25 09:45:41.388+00', '2026-11-25 09:45:41.388+00');

SELECT pg_catalog.setval('public.migrations_id_seq', 2, true);

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

CREATE INDEX chat_messages_reply_to_idx ON public.chat_messages USING btree (reply_to_id) WHERE (reply_to_id IS NOT NULL);

CREATE INDEX chat_messages_rev_idx ON public.chat_messages USING btree (conversation_id, rev) WHERE (rev > 0);

CREATE INDEX chat_messages_sender_idx ON public.chat_messages USING btree (sender_id);

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

