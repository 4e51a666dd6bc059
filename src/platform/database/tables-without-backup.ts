/**
 * Backups hold no rows of these tables. What servers tell each other is of use for seconds, and its transaction ids say
 * nothing in another database. What messages are found by is made anew from the messages.
 */
export const TABLES_WITHOUT_BACKUP = ['servers', 'server_events', 'search_entries', 'search_positions'];
