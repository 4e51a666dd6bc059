import type { ProblemKind } from '../../platform/problems/problem-kind';
import type { Session } from './session.entity';
import type { RefreshLink } from './refresh-tokens';
import { SESSION_REVOKED, UNAUTHENTICATED } from '../../platform/problems/general-problems';

/** A token presented again within this time gives the same successor: two tabs use it, or a reply was lost. */
export const REPEAT_WINDOW_MS = 30_000;

/**
 * The effect that a presented refresh token has on its session (G25):
 *   advance  its successor is requested for the first time: the chain grows by one link
 *   repeat   the same successor is issued again
 *   replace  the successor never arrived: a fresh one takes its place and voids it
 *   void     this link was replaced by another of the same generation: rejected, the session lives
 *   reuse    the successor has been used already: somebody else has this token, the session ends
 */
export type RefreshOutcome = 'advance' | 'repeat' | 'replace' | 'void' | 'reuse';

interface RefreshEffect {
  /** The presented link becomes the last one presented. */
  readonly presents: boolean;
  /** Issues a new successor, which voids an earlier one, and extends the session. */
  readonly issues: boolean;
  /** The session ends. */
  readonly ends: boolean;
  /** Answered instead of tokens. */
  readonly rejection?: ProblemKind;
}

/** The table of docs/states.md. */
export const REFRESH_EFFECTS: Readonly<Record<RefreshOutcome, RefreshEffect>> = {
  advance: { presents: true, issues: true, ends: false },
  repeat: { presents: false, issues: false, ends: false },
  replace: { presents: false, issues: true, ends: false },
  void: { presents: false, issues: false, ends: false, rejection: UNAUTHENTICATED },
  reuse: { presents: false, issues: false, ends: true, rejection: SESSION_REVOKED },
};

type Chain = Pick<Session, 'refreshGeneration' | 'presentedNonce' | 'issuedNonce' | 'rotatedAt'>;

export function judgeRefresh(chain: Chain, link: RefreshLink, now: Date): RefreshOutcome {
  const { refreshGeneration: presented } = chain;
  if (link.generation === presented + 1) return link.nonce === chain.issuedNonce ? 'advance' : 'void';
  if (link.generation === presented && link.nonce === chain.presentedNonce) {
    return now.getTime() - chain.rotatedAt.getTime() <= REPEAT_WINDOW_MS ? 'repeat' : 'replace';
  }
  return 'reuse';
}
