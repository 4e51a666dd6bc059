import type { Message } from '../history/history';

/** The outcome of an attempt, as far as the client knows: done, certainly not done, or unknown. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers of the server have every shape
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

/** A connection of a user to the server. The workloads use this interface for every kind of client. */
export interface Device {
  readonly userId: string;
  /** Tries the command once. Never throws. */
  perform(conversationId: string, command: Command): Promise<Outcome>;
  close(): void;
}

/** A client that follows a conversation live, and catches up by itself after interruptions. */
export interface Follower {
  /** Waits until nothing is missing. @returns its state */
  settled(): Promise<readonly Message[]>;
  close(): void;
}

/** After this time, an answer counts as lost. */
export const ANSWER_TIMEOUT_MS = 12_000;

/** The outcome after a rejection: unknown for 500 and 504, definite for all others. */
export function refused(problem: { code?: string; status?: number; current?: Message }): Outcome {
  const { code = 'none', status = 500, current } = problem;
  return { type: status === 500 || status === 504 ? 'info' : 'fail', value: { code, status, current } };
}
