import { userView, type UserView } from './users.dto';

/** The fields of a person that everybody may see, among other columns of a row. */
export interface PersonRow {
  user_id: string;
  username: string;
  display_name: string;
  avatar_url: string | null;
  status: string | null;
  user_created_at: Date;
}

/** @param alias the alias of `users` in the statement */
export const personColumns = (alias: string): string =>
  `${alias}.id as user_id, ${alias}.username, ${alias}.display_name, ${alias}.avatar_url, ${alias}.status,
  ${alias}.created_at as user_created_at`;

export function personView(row: PersonRow): UserView {
  return userView({
    id: row.user_id,
    username: row.username,
    displayName: row.display_name,
    avatarUrl: row.avatar_url,
    status: row.status,
    createdAt: row.user_created_at,
  });
}
