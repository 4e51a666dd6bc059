/**
 * Backups hold no rows of these tables. Events between servers matter for seconds, and their transaction ids mean
 * nothing in another database. Search entries are rebuilt from the messages.
 */
export const TABLES_WITHOUT_BACKUP = ['servers', 'server_events', 'search_entries', 'search_positions'];
