import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * People, sessions, conversations and their messages.
 *
 * What the constraints hold up:
 * - `chat_messages_pkey` + `chat_messages_conversation_seq_key`: a message id names one message for ever, and a
 *   position in a conversation names one message (G2, G3).
 * - `conversations.last_seq` and `last_rev` are the only sources of `seq` and `rev`; whoever takes a number holds
 *   the conversation's row lock until commit, so the order of numbers is the order of commits (G3, G4).
 * - `conversations_direct_key_key`: one direct conversation for a pair of people.
 * - A user who is deleted takes their sessions, memberships and friendships along, never a conversation or a message.
 */
export class InitialSchema1764000000000 implements MigrationInterface {
  name = 'InitialSchema1764000000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create table users (
        id            uuid not null,
        username      text collate "C" not null,
        email         text collate "C",
        password_hash text not null,
        display_name  text not null,
        avatar_url    text,
        status        text,
        is_operator   boolean not null default false,
        created_at    timestamptz(3) not null default now(),
        updated_at    timestamptz(3) not null default now(),
        constraint users_pkey primary key (id),
        constraint users_username_key unique (username),
        constraint users_email_key unique (email),
        constraint users_username_check check (username ~ '^[a-z0-9._-]{3,32}$'),
        constraint users_email_check check (email = lower(email))
      )`);

    await queryRunner.query(`
      create table sessions (
        id                 uuid not null,
        user_id            uuid not null,
        device_name        text,
        refresh_generation integer not null default 0,
        presented_nonce    text,
        issued_nonce       text not null,
        rotated_at         timestamptz(3) not null default now(),
        created_at         timestamptz(3) not null default now(),
        last_used_at       timestamptz(3) not null default now(),
        expires_at         timestamptz(3) not null,
        ended_at           timestamptz(3),
        constraint sessions_pkey primary key (id),
        constraint sessions_user_fkey foreign key (user_id) references users (id) on delete cascade
      )`);
    await queryRunner.query(`create index sessions_user_idx on sessions (user_id)`);
    await queryRunner.query(`
      comment on column sessions.refresh_generation is
        'generation of the newest refresh token that a client has presented; its successor is one higher'`);

    await queryRunner.query(`
      create table friendships (
        user_low_id  uuid not null,
        user_high_id uuid not null,
        created_at   timestamptz(3) not null default now(),
        constraint friendships_pkey primary key (user_low_id, user_high_id),
        constraint friendships_user_low_fkey foreign key (user_low_id) references users (id) on delete cascade,
        constraint friendships_user_high_fkey foreign key (user_high_id) references users (id) on delete cascade,
        constraint friendships_order_check check (user_low_id < user_high_id)
      )`);
    await queryRunner.query(`create index friendships_user_high_idx on friendships (user_high_id)`);

    await queryRunner.query(`
      create table friend_requests (
        id           uuid not null,
        sender_id    uuid not null,
        recipient_id uuid not null,
        status       text not null default 'pending',
        message      text,
        created_at   timestamptz(3) not null default now(),
        responded_at timestamptz(3),
        constraint friend_requests_pkey primary key (id),
        constraint friend_requests_sender_fkey foreign key (sender_id) references users (id) on delete cascade,
        constraint friend_requests_recipient_fkey foreign key (recipient_id) references users (id) on delete cascade,
        constraint friend_requests_status_check check (status in ('pending', 'accepted', 'declined', 'cancelled')),
        constraint friend_requests_self_check check (sender_id <> recipient_id)
      )`);
    await queryRunner.query(`
      create unique index friend_requests_pending_pair_key
        on friend_requests (least(sender_id, recipient_id), greatest(sender_id, recipient_id))
        where status = 'pending'`);
    await queryRunner.query(`create index friend_requests_sender_idx on friend_requests (sender_id)`);
    await queryRunner.query(`create index friend_requests_recipient_idx on friend_requests (recipient_id)`);

    await queryRunner.query(`
      create table blocks (
        blocker_id uuid not null,
        blocked_id uuid not null,
        created_at timestamptz(3) not null default now(),
        constraint blocks_pkey primary key (blocker_id, blocked_id),
        constraint blocks_blocker_fkey foreign key (blocker_id) references users (id) on delete cascade,
        constraint blocks_blocked_fkey foreign key (blocked_id) references users (id) on delete cascade,
        constraint blocks_self_check check (blocker_id <> blocked_id)
      )`);
    await queryRunner.query(`create index blocks_blocked_idx on blocks (blocked_id)`);

    await queryRunner.query(`
      create table conversations (
        id           uuid not null,
        type         text not null,
        title        text,
        description  text,
        direct_key   text collate "C",
        created_by   uuid,
        last_seq     bigint not null default 0,
        last_rev     bigint not null default 0,
        settings_rev bigint not null default 0,
        active_at    timestamptz(3) not null default now(),
        created_at   timestamptz(3) not null default now(),
        updated_at   timestamptz(3) not null default now(),
        deleted_at   timestamptz(3),
        constraint conversations_pkey primary key (id),
        constraint conversations_direct_key_key unique (direct_key),
        constraint conversations_created_by_fkey foreign key (created_by) references users (id) on delete set null,
        constraint conversations_type_check check (type in ('direct', 'group')),
        constraint conversations_direct_check check ((type = 'direct') = (direct_key is not null)),
        constraint conversations_title_check check ((type = 'group') = (title is not null))
      )`);
    await queryRunner.query(`create index conversations_created_by_idx on conversations (created_by)`);
    await queryRunner.query(`
      comment on column conversations.settings_rev is 'the rev that the last change of title or description took'`);

    await queryRunner.query(`
      create table conversation_participants (
        conversation_id uuid not null,
        user_id         uuid not null,
        role            text not null,
        read_seq        bigint not null default 0,
        hidden_seq      bigint,
        rev             bigint not null default 0,
        joined_at       timestamptz(3) not null default now(),
        left_at         timestamptz(3),
        constraint conversation_participants_pkey primary key (conversation_id, user_id),
        constraint conversation_participants_conversation_fkey
          foreign key (conversation_id) references conversations (id) on delete cascade,
        constraint conversation_participants_user_fkey foreign key (user_id) references users (id) on delete cascade,
        constraint conversation_participants_role_check check (role in ('owner', 'admin', 'member'))
      )`);
    await queryRunner.query(`
      create index conversation_participants_user_idx on conversation_participants (user_id) where left_at is null`);
    await queryRunner.query(`
      create index conversation_participants_rev_idx on conversation_participants (conversation_id, rev)`);
    await queryRunner.query(`
      create unique index conversation_participants_owner_key
        on conversation_participants (conversation_id) where role = 'owner' and left_at is null`);
    await queryRunner.query(`
      comment on column conversation_participants.hidden_seq is
        'a direct conversation is hidden from this person''s list while its last_seq is not above this'`);

    await queryRunner.query(`
      create table chat_messages (
        id              uuid not null,
        conversation_id uuid not null,
        seq             bigint not null,
        rev             bigint not null default 0,
        sender_id       uuid,
        type            text not null default 'text',
        body            text,
        reply_to_id     uuid,
        version         text collate "C",
        parents         text[] not null default '{}',
        pinned_at       timestamptz(3),
        edited_at       timestamptz(3),
        deleted_at      timestamptz(3),
        created_at      timestamptz(3) not null default now(),
        constraint chat_messages_pkey primary key (id),
        constraint chat_messages_conversation_seq_key unique (conversation_id, seq),
        constraint chat_messages_conversation_fkey
          foreign key (conversation_id) references conversations (id) on delete cascade,
        constraint chat_messages_sender_fkey foreign key (sender_id) references users (id) on delete set null,
        constraint chat_messages_reply_to_fkey foreign key (reply_to_id) references chat_messages (id) on delete set null,
        constraint chat_messages_seq_check check (seq > 0),
        constraint chat_messages_type_check check (type in ('text', 'image', 'file', 'system')),
        constraint chat_messages_body_check check ((body is null) = (deleted_at is not null))
      )`);
    await queryRunner.query(`create index chat_messages_sender_idx on chat_messages (sender_id)`);
    await queryRunner.query(`
      create index chat_messages_rev_idx on chat_messages (conversation_id, rev) where rev > 0`);
    await queryRunner.query(`
      create index chat_messages_reply_to_idx on chat_messages (reply_to_id) where reply_to_id is not null`);
    await queryRunner.query(`
      comment on column chat_messages.version is 'the current version; null while it is the first one, whose name is the id'`);

    await queryRunner.query(`
      create table message_versions (
        message_id uuid not null,
        number     integer not null,
        version    text collate "C" not null,
        parents    text[] not null,
        body       text,
        author_id  uuid,
        created_at timestamptz(3) not null default now(),
        constraint message_versions_pkey primary key (message_id, number),
        constraint message_versions_version_key unique (message_id, version),
        constraint message_versions_message_fkey
          foreign key (message_id) references chat_messages (id) on delete cascade,
        constraint message_versions_author_fkey foreign key (author_id) references users (id) on delete set null,
        constraint message_versions_number_check check (number > 0)
      )`);
    await queryRunner.query(`create index message_versions_author_idx on message_versions (author_id)`);
    await queryRunner.query(`
      comment on table message_versions is
        'history of messages that were edited or deleted, number 1 being the message as first sent; a message without rows here has that one version only'`);

    await queryRunner.query(`
      create table database_state (
        id    boolean not null default true,
        epoch integer not null default 1,
        constraint database_state_pkey primary key (id),
        constraint database_state_single_check check (id)
      )`);
    await queryRunner.query(`insert into database_state default values`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of [
      'database_state',
      'message_versions',
      'chat_messages',
      'conversation_participants',
      'conversations',
      'blocks',
      'friend_requests',
      'friendships',
      'sessions',
      'users',
    ]) {
      await queryRunner.query(`drop table ${table}`);
    }
  }
}
