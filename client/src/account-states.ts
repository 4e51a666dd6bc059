/** Whether somebody is signed in on this device. */
export type AccountState = 'signed-out' | 'signed-in';

/** Why a session ends. */
export type Ending =
  | 'signed-out'
  | 'account-erased'
  | 'session-revoked'
  /** The server says so for another reason, such as `token-expired`. */
  | 'session-over'
  | 'signed-in-again'
  /** Another tab has signed out, or has signed in as another user. */
  | 'storage-lost';

export type AccountTrigger = Ending | 'entered' | 'stopped' | 'session-stored';

/**
 *   start     the socket, the renewal of tokens and the outbox run
 *   stop      they stop, and the session stays
 *   empty     the session is forgotten, and everything that is stored
 *   keep      the session is forgotten; what was not sent stays for the same user to sign in again
 *   abandon   the session is forgotten, and the storage is not ours to write any more
 *   announce  the application learns that `resume` has a session
 *   stay      nothing
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
