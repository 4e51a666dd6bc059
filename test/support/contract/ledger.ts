import { appendFileSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expectedOfRoutes } from './http-contract';
import { expectedOfSockets } from './socket-contract';

/** The observations of one test file. */
interface Entry {
  readonly testPath: string;
  /** Whether all of its tests ran and passed. */
  readonly isComplete: boolean;
  readonly exercised: readonly string[];
  /** The faults of events that arrived after the last test. */
  readonly faults: readonly string[];
}

const PROJECT = join(__dirname, '../../..');

/** Creates the folder in which each worker records the observations of its test files. */
export function openLedger(): void {
  process.env.TEST_LEDGER = mkdtempSync(join(tmpdir(), 'xfchat-ledger-'));
}

export function writeLedger(entry: Entry): void {
  const file = join(process.env.TEST_LEDGER!, `${process.pid}.jsonl`);
  appendFileSync(file, `${JSON.stringify(entry)}\n`);
}

/**
 * Judges a whole run, in which every test of every file has passed. Any other run is judged only by late events.
 * @throws Error with the entries that were never exercised, and with wrong events that arrived late
 */
export function closeLedger(testFiles: readonly RegExp[]): void {
  const folder = process.env.TEST_LEDGER!;
  const entries = readdirSync(folder).flatMap((name) => readEntries(join(folder, name)));
  rmSync(folder, { recursive: true, force: true });
  const faults = entries.flatMap((entry) => entry.faults.map((fault) => `${entry.testPath}: ${fault}`));
  const complete = new Set(entries.filter((entry) => entry.isComplete).map((entry) => entry.testPath));
  const files = readdirSync(join(PROJECT, 'test'), { recursive: true, encoding: 'utf8' })
    .map((name) => join(PROJECT, 'test', name))
    .filter((path) => testFiles.some((pattern) => pattern.test(path)));
  if (files.every((path) => complete.has(path))) {
    const exercised = new Set(entries.flatMap((entry) => entry.exercised));
    const missing = [...expectedOfRoutes, ...expectedOfSockets].filter((name) => !exercised.has(name));
    faults.push(...missing.map((name) => `${name} is documented and was never exercised`));
  }
  if (faults.length > 0) throw new Error(`the documents of the interface:\n${faults.join('\n')}`);
}

function readEntries(path: string): Entry[] {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Entry);
}
