import type { Allowance } from './token-buckets';

// Allowances that every request, handshake or command is charged to. Features declare their own beside the code that
// charges them.

/** HTTP requests, handshakes and socket commands of one user. */
export const COMMAND: Allowance = { burst: 600, perSecond: 60, sharedAs: 'command' };
/** Requests without a valid token, by network. */
export const ANONYMOUS: Allowance = { burst: 600, perSecond: 30, sharedAs: 'anonymous' };
/** Access tokens by address; taken before a token is verified and given back when its signature is good. */
export const VERIFICATION: Allowance = { burst: 600, perSecond: 50, sharedAs: 'verification' };
/** Opening a socket, by address; given back when the socket has authenticated. */
export const OPENING: Allowance = { burst: 1_000, perSecond: 100, sharedAs: 'opening' };
/** Files and preflights, by address: cheap, and a whole office loads them after a release. */
export const PAGE: Allowance = { burst: 1_000, perSecond: 100 };
/** Health probes, by address; beyond it they are answered from memory. */
export const PROBE: Allowance = { burst: 60, perSecond: 10 };
