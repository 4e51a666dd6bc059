import type { Participant, Role } from '@xfchat/client';
import { PersonAction, PersonEntry } from '../people/person-entry.tsx';
import { nameOf } from '../people/names.ts';

interface EntryProps {
  readonly participant: Participant;
  readonly isSelf: boolean;
  readonly myRole: Role;
  readonly isBusy: boolean;
  readonly onRole: (role: Role) => void;
  readonly onHandOver: () => void;
  readonly onRemove: () => void;
}

const RANK = { owner: 2, admin: 1, member: 0 } as const;
const NAMES = { owner: 'Owner', admin: 'Admin', member: 'Member' } as const;

/** A participant. A user with a higher role may change their role or remove them. */
export function ParticipantEntry({
  participant,
  isSelf,
  myRole,
  isBusy,
  onRole,
  onHandOver,
  onRemove,
}: EntryProps) {
  const { user, role } = participant;
  const isBelow = !isSelf && RANK[myRole] > RANK[role];
  return (
    <PersonEntry user={user} note={isSelf ? 'You' : undefined}>
      {isBelow && myRole === 'owner' ? (
        <select
          aria-label={`Role of ${nameOf(user)}`}
          value={role}
          disabled={isBusy}
          onChange={(event) => onRole(event.currentTarget.value as Role)}
        >
          <option value="admin">Admin</option>
          <option value="member">Member</option>
        </select>
      ) : (
        role !== 'member' && <span class="muted">{NAMES[role]}</span>
      )}
      {isBelow && myRole === 'owner' && (
        <PersonAction user={user} text="Make owner" isDisabled={isBusy} onClick={onHandOver} />
      )}
      {isBelow && <PersonAction user={user} text="Remove" isDisabled={isBusy} onClick={onRemove} />}
    </PersonEntry>
  );
}
