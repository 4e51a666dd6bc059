/**
 * What servers tell each other is of use for seconds, and its transaction ids say nothing in another database: backups
 * hold none of it.
 */
export const VOLATILE_TABLES = ['servers', 'server_events'];
