import type { Recorder } from '../history/recorder';
import type { Random } from '../../support/random';
import type { FaultName, Step } from './schedule';

const PATIENCE_MS = 90_000;

/** The actions that cause faults. Each resolves when its fault is over and a killed process serves again. */
export type Faults = Partial<Record<FaultName, (number: number) => Promise<void>>>;

/**
 * Carries out a schedule step by step. A step that is due before the previous one is over waits
 * for it. Each step also waits for progress since the last one, so that no fault hits an idle system.
 */
export async function carryOut(
  schedule: readonly Step[],
  faults: Faults,
  recorder: Recorder,
  random: Random,
  progress = 20,
): Promise<void> {
  const begin = performance.now();
  for (const step of schedule) {
    const act = faults[step.fault];
    if (!act) throw new Error(`nobody can ${step.fault}`);
    await goOn(recorder, progress, begin + step.at * 1_000);
    // Right after an acknowledgement, the server is between two batches, so wait for a random moment.
    await new Promise((resolve) => setTimeout(resolve, random.between(0, 300)));
    recorder.observe('nemesis', 'fault', `${step.fault} ${step.number}`, step);
    await act(step.number);
  }
  await goOn(recorder, progress, 0);
}

/** Waits for the time, and for further acknowledgements. */
async function goOn(recorder: Recorder, progress: number, time: number): Promise<void> {
  const target = recorder.acknowledged + progress;
  const latest = Math.max(time, performance.now()) + PATIENCE_MS;
  while (performance.now() < time || recorder.acknowledged < target) {
    if (performance.now() > latest) throw new Error('nothing is acknowledged any more');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
