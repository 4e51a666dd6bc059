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
  acknowledgedIsDurable, // I1
  oneIdIsOneNumber, // I2
  numbersHaveNoHole, // I3
  orderIsThatOfTime, // I4
  orderIsTheSameForAll, // I5
  nothingIsInvented, // I6
  nothingIsOrphaned, // I7
  refusedIsAbsent, // I8
  clientsHaveEverything, // I9
  nobodyOutsideHears, // I10
  editsAreALine, // I11
  countersAreRight, // I12
];

/**
 * The promises that a history breaks; none, if all is well. Nothing but the history goes into it.
 * @throws Error when the history is not one
 */
export function checkHistory(history: readonly Entry[]): Violation[] {
  const facts = new Facts(asRestored(history));
  return CHECKS.flatMap((check) => check(facts));
}
