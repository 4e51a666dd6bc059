/** A server without workers has both series as well, and is its only worker. */
export const WORKER_SERVING = {
  name: 'xfchat_worker_serving',
  help: '1 while the worker serves and answers the primary',
};
export const WORKER_REPLACEMENTS = {
  name: 'xfchat_worker_replacements_total',
  help: 'Workers that ended by themselves, or were killed because they hung, and were replaced',
};
