import type { Entry } from '../history/history';
import { clientsHaveEverything, nobodyOutsideHears } from './delivery';
import { acknowledgedIsDurable, nothingIsInvented, refusedIsAbsent } from './durability';
import { editsAreALine } from './edits';
import { Facts } from './facts';
import { numbersHaveNoHole, oneIdIsOneNumber, orderIsThatOfTime, orderIsTheSameForAll } from './numbers';
import { asRestored } from './restores';
import { countersAreRight, nothingIsOrphaned } from './stored-state';
import type { Violation } from './violation';

const CHECKS: readonly ((facts: Facts) => Violation[])[] = [
  acknowledgedIsDurable, // G1
  oneIdIsOneNumber, // G8
  numbersHaveNoHole, // G3
  orderIsThatOfTime, // G9
  orderIsTheSameForAll, // G10
  nothingIsInvented, // G5, G11
  nothingIsOrphaned, // G12
  refusedIsAbsent, // G13
  clientsHaveEverything, // G4
  nobodyOutsideHears, // G6
  editsAreALine, // G14
  countersAreRight, // G15
];

/**
 * The guarantees that a history breaks. The verdict depends on the history alone.
 * @throws Error if the history is malformed
 */
export function checkHistory(history: readonly Entry[]): Violation[] {
  const facts = new Facts(asRestored(history));
  return CHECKS.flatMap((check) => check(facts));
}
