import { appendFileSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expectedOfRoutes } from './http-contract';
import { expectedOfSockets } from './socket-contract';

/** What one test file has seen. */
interface Entry {
  readonly testPath: string;
  /** All of its tests ran and passed. */
  readonly isComplete: boolean;
  readonly exercised: readonly string[];
  /** Those of events that came after the last test. */
  readonly faults: readonly string[];
}

const PROJECT = join(__dirname, '../../..');

/** Makes the folder in which each worker writes down what its test files have seen. */
export function openLedger(): void {
  process.env.TEST_LEDGER = mkdtempSync(join(tmpdir(), 'xfchat-ledger-'));
}

export function writeLedger(entry: Entry): void {
  const file = join(process.env.TEST_LEDGER!, `${process.pid}.jsonl`);
  appendFileSync(file, `${JSON.stringify(entry)}\n`);
}

/**
 * @throws Error with what was never exercised, after a whole run: every test file, every test of it, all passed. Any
 *   other run is not judged, but for events that came late and were wrong.
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
