import type { Judgement } from './documents';
import { judgeExchange, type Exchange } from './http-contract';
import { judgeCommand, judgeEvent, type Acknowledgement } from './socket-contract';

declare global {
  /** There in end-to-end tests. */
  var witness: Witness | undefined;
}

/** Sees every answer, acknowledgement and event of a test file and holds it against the documents. */
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

  /** What has been found since the last time. */
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
