import type { IntegrityCheck } from './finding';

/** Each e-mail address leads to one person, however it is spelt. */
export const NAMES: readonly IntegrityCheck[] = [
  {
    kind: 'email-collision',
    // Gone once one of the two has another address, or none.
    sql: `
      select u.id as place, 'has the e-mail address of ' || c.taken_by || ' in another spelling, and cannot sign in with it'
        as detail
      from email_collisions c
      join users u on u.id = c.user_id and u.email is not null
      join users other on other.id = c.taken_by and other.email is not null`,
  },
];
