import type { Message } from '../history/history';

/** How an attempt ended, as far as the client knows: done, surely not done, or nobody knows. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- what the server said, whatever it is
export type Outcome = { readonly type: 'ok' | 'fail' | 'info'; readonly value: any };

export type Command =
  | { readonly op: 'send'; readonly id: string; readonly body: string }
  | {
      readonly op: 'edit';
      readonly messageId: string;
      readonly body: string;
      readonly parents: readonly string[];
      readonly version: string;
    }
  | { readonly op: 'delete'; readonly messageId: string };

/** One way to the server that somebody has: what the workloads ask of a client, whatever it is made of. */
export interface Device {
  readonly userId: string;
  /** Tries once. Never throws. */
  perform(conversationId: string, command: Command): Promise<Outcome>;
  close(): void;
}

/** A client that follows a conversation live, over interruptions, and catches up by itself. */
export interface Follower {
  /** What it holds once it lacks nothing; waits for that. */
  settled(): Promise<readonly Message[]>;
  close(): void;
}

/** An answer for which this long was waited in vain does not come any more. */
export const ANSWER_TIMEOUT_MS = 12_000;

/** What a refusal says about the attempt: 500 and 504 leave it open, all others are definite. */
export function refused(problem: { code?: string; status?: number; current?: Message }): Outcome {
  const { code = 'none', status = 500, current } = problem;
  return { type: status === 500 || status === 504 ? 'info' : 'fail', value: { code, status, current } };
}
