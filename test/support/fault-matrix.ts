import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const FILE = join(__dirname, '../../docs/fault-matrix.md');

/** All faults, in the order of the table. */
const FAULTS = {
  F01: 'all of PostgreSQL is killed (-9) under load, three times',
  F02: 'one backend is killed (-9), and takes all sessions along',
  F03: 'all of PostgreSQL is frozen for 20 s, longer than an access token lives',
  F03a: 'only the postmaster is frozen: old connections work, new ones hang',
  F04: 'connections are refused',
  F05: 'the network is a black hole: connections are taken and never answered',
  F06: 'nothing goes through either way any more',
  F07: 'answers are lost on their way',
  F08: 'everything takes 120 ms longer each way',
  F13: 'the password is changed and the sessions are ended',
  F14: '300 requests against a conversation that somebody holds locked',
  F15: 'others have taken all connections',
  F16: 'a statement takes for ever',
  F17: 'transactions that lock each other out, 500 of them',
  F18: 'the server is suspended in the middle of a transaction',
  F35: 'the database is down at the start, and appears later',
  F36: 'no file descriptors are left',
  F37: 'a busy room, a listener who does not read, and little memory',
} as const;

export type FaultId = keyof typeof FAULTS;

export interface FaultVerdict {
  /** The problem codes that were answered during the fault, or another proof that the fault had an effect. */
  readonly bitten: string[];
  /** Liveness: `green`, or the observed state. */
  readonly live: string;
  /** Readiness: `green`, or the reasons that it gave. */
  readonly ready: string[];
  readonly acknowledged: number;
  readonly lost: number;
  readonly twice: number;
  /** Time from the end of the fault to the next acknowledgement, in milliseconds. */
  readonly recoveryMs: number;
  readonly isSameProcess: boolean;
}

const holds = (verdict: FaultVerdict): boolean =>
  verdict.bitten.length > 0 &&
  verdict.live === 'green' &&
  verdict.lost === 0 &&
  verdict.twice === 0 &&
  verdict.recoveryMs <= 5_000 &&
  verdict.isSameProcess;

/** Records a verdict. Call it before any assertion, so that the table shows what was observed. */
export function record(id: FaultId, verdict: FaultVerdict): void {
  writeFileSync(join(process.env.FAULT_RECORDS!, `${id}.json`), JSON.stringify(verdict));
}

export function openRecords(): void {
  process.env.FAULT_RECORDS = mkdtempSync(join(tmpdir(), 'xfchat-faults-'));
}

/** Combines several rounds: the sums of acknowledged, lost and doubled messages, and the worst of the other values. */
export function together(verdicts: FaultVerdict[]): FaultVerdict {
  const sum = (of: (verdict: FaultVerdict) => number): number =>
    verdicts.reduce((total, verdict) => total + of(verdict), 0);
  const all = (of: (verdict: FaultVerdict) => string[]): string[] =>
    [...new Set(verdicts.flatMap(of))].sort();
  return {
    bitten: verdicts.every(({ bitten }) => bitten.length > 0) ? all(({ bitten }) => bitten) : [],
    live: verdicts.find(({ live }) => live !== 'green')?.live ?? 'green',
    ready: all(({ ready }) => ready),
    acknowledged: sum(({ acknowledged }) => acknowledged),
    lost: sum(({ lost }) => lost),
    twice: sum(({ twice }) => twice),
    recoveryMs: Math.max(...verdicts.map(({ recoveryMs }) => recoveryMs)),
    isSameProcess: verdicts.every(({ isSameProcess }) => isSameProcess),
  };
}

/** Writes the table, in its own command only. Two runs write the same text unless their verdicts differ. */
export function closeRecords(): void {
  const folder = process.env.FAULT_RECORDS!;
  const verdicts = new Map(
    readdirSync(folder).map((name) => [
      name.replace('.json', ''),
      JSON.parse(readFileSync(join(folder, name), 'utf8')) as FaultVerdict,
    ]),
  );
  rmSync(folder, { recursive: true });
  if (process.env.npm_lifecycle_event === 'test:faults') writeFileSync(FILE, document(verdicts));
}

function document(verdicts: Map<string, FaultVerdict>): string {
  const rows = Object.entries(FAULTS).map(([id, fault]) => {
    const verdict = verdicts.get(id);
    const cells = verdict ? cellsOf(verdict) : ['', '', '', '', '', '', '', '', 'no verdict'];
    return `| ${[id, fault, ...cells].join(' | ')} |`;
  });
  return `# Faults

\`npm run test:faults\` writes this page. It causes every fault on the built server, which runs as a process in front of a real
PostgreSQL under load. "Answered" lists the answers to requests and commands during the fault. Every one of them was
answered. The deadline is 5 s, and a client on a busy machine gets the answer somewhat later. In F18 the server is
suspended, and answers nobody meanwhile. Rejected messages and unknown outcomes were sent again with the same id
until they were acknowledged. "Lost" and "twice" count acknowledged messages, read from the database afterwards.
"Recovered" is the time from the end of the cause to the next acknowledgement, rounded up.

| | Fault | Answered | Live | Ready | Acknowledged | Lost | Twice | Recovered | Process | Verdict |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
}

function cellsOf(verdict: FaultVerdict): string[] {
  const { bitten, live, ready, acknowledged, lost, twice, recoveryMs, isSameProcess } = verdict;
  return [
    bitten.join(', ') || 'nothing: it has not bitten',
    live,
    ready.join(', '),
    magnitude(acknowledged),
    String(lost),
    String(twice),
    [1, 2, 3, 5].filter((seconds) => recoveryMs <= seconds * 1_000).map((seconds) => `≤ ${seconds} s`)[0] ??
      `${Math.ceil(recoveryMs / 1_000)} s`,
    isSameProcess ? 'the same' : 'another',
    holds(verdict) ? 'holds' : 'BROKEN',
  ];
}

/** Rounds a count for the table: 3 stays 3, and 1234 becomes "> 1000". */
function magnitude(count: number): string {
  return count < 10 ? String(count) : `> ${10 ** Math.floor(Math.log10(count))}`;
}
