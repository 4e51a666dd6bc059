import type { User } from '@xfchat/client';
import { Avatar } from './avatar.tsx';
import { nameOf } from './names.ts';

/** The avatar, name and username of a person in a list. */
export function Person({ user, note }: { user: User; note?: string | undefined }) {
  return (
    <span class="person">
      <Avatar id={user.id} name={nameOf(user)} />
      <span class="person-words">
        <span class="person-name" dir="auto">
          {nameOf(user)}
          {note && <span class="muted"> ({note})</span>}
        </span>
        <span class="muted" dir="auto">
          @{user.username}
          {user.status && ` · ${user.status}`}
        </span>
      </span>
    </span>
  );
}
