/** Whether somebody is signed in on this device. */
export type AccountState = 'signed-out' | 'signed-in';

/** The reason why a session ends. */
export type Ending =
  | 'signed-out'
  | 'account-erased'
  | 'session-revoked'
  /** The server ended it for another reason, such as `token-expired`. */
  | 'session-over'
  | 'signed-in-again'
  /** Another tab has emptied the storage, and has left the reason, or has signed in as another user. */
  | 'storage-lost';

export type AccountTrigger = Ending | 'entered' | 'stopped' | 'session-stored';

/**
 * The effect of a trigger:
 *   start     starts the socket, the renewal of tokens and the outbox
 *   stop      stops them, and keeps the session
 *   empty     deletes the session and everything that is stored
 *   keep      deletes the session; unsent messages stay until the same user signs in again
 *   abandon   drops the session in memory; this client does not write to the storage any more
 *   announce  tells the application that `resume` will find a session
 *   stay      does nothing
 */
export type AccountEffect = 'start' | 'stop' | 'empty' | 'keep' | 'abandon' | 'announce' | 'stay';

/** `docs/states.md` shows the same. */
export const ACCOUNT = {
  'signed-out': {
    entered: 'stay', // the session ended before everything was restored
    stopped: 'stop',
    'session-stored': 'announce',
    'signed-out': 'stay',
    'account-erased': 'stay',
    'session-revoked': 'stay',
    'session-over': 'stay',
    'signed-in-again': 'stay',
    'storage-lost': 'abandon',
  },
  'signed-in': {
    entered: 'start',
    stopped: 'stop',
    'session-stored': 'stay',
    'signed-out': 'empty',
    'account-erased': 'empty',
    'session-revoked': 'empty',
    'session-over': 'keep',
    'signed-in-again': 'keep',
    'storage-lost': 'abandon',
  },
} as const satisfies Record<AccountState, Record<AccountTrigger, AccountEffect>>;
