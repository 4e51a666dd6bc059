import type { Judgement } from './documents';
import { judgeExchange, type Exchange } from './http-contract';
import { judgeCommand, judgeEvent, type Acknowledgement } from './socket-contract';

declare global {
  /** Defined in end-to-end tests only. */
  var witness: Witness | undefined;
}

/** Compares every answer, acknowledgement and event of a test file with the documents. */
export class Witness {
  readonly exercised = new Set<string>();
  private faults: string[] = [];

  answered(exchange: Exchange): void {
    this.note(judgeExchange(exchange));
  }

  acknowledged(command: string, payload: unknown, answer: Acknowledgement): void {
    this.note(judgeCommand(command, payload, answer));
  }

  heard(event: string, payload: unknown): void {
    this.note(judgeEvent(event, payload));
  }

  /** The faults that were found since the last call. */
  takeFaults(): string[] {
    const { faults } = this;
    this.faults = [];
    return faults;
  }

  private note({ faults, exercised }: Judgement): void {
    this.faults.push(...faults);
    if (exercised) this.exercised.add(exercised);
  }
}
