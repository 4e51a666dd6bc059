import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Patch, Target } from './mutant';
import { patchedFiles } from './patched-files';

const ROOT = join(__dirname, '../../..');
const NOT_COPIED = new Set(
  ['node_modules', '.git', 'dist', 'coverage', '.xfchat'].map((name) => join(ROOT, name)),
);

export interface TestRun {
  readonly passed: number;
  /** The messages of the failed tests. */
  readonly failures: readonly string[];
  /** The error of a run that tested nothing. */
  readonly breakdown?: string;
}

/** A copy of the project for the mutants. */
export class Workshop {
  private readonly directory = mkdtempSync(join(tmpdir(), 'xfchat-mutants-'));

  constructor() {
    cpSync(ROOT, this.directory, { recursive: true, filter: (path) => !NOT_COPIED.has(path) });
    symlinkSync(join(ROOT, 'node_modules'), join(this.directory, 'node_modules'));
  }

  /**
   * Runs `work` on the changed sources, and restores them.
   * @throws Error if a patch does not find its text exactly once
   */
  withPatches<T>(patches: readonly Patch[], work: () => T): T {
    const changed = patchedFiles(this.directory, patches);
    const originals = [...changed.keys()].map((path) => [path, readFileSync(path, 'utf8')] as const);
    try {
      for (const [path, text] of changed) writeFileSync(path, text);
      return work();
    } finally {
      for (const [path, text] of originals) writeFileSync(path, text);
    }
  }

  /** @throws Error if the sources cannot be compiled, because such a mutant is no program */
  build(): void {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/build.js'], {
      cwd: this.directory,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`cannot be built: ${stdout}${stderr}`);
  }

  test({ project, file, test }: Target): TestRun {
    const report = join(this.directory, 'report.json');
    rmSync(report, { force: true });
    const words = ['--selectProjects', project, '--testPathPatterns', file, ...(test ? ['-t', test] : [])];
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['node_modules/jest/bin/jest.js', ...words, '--json', '--outputFile', report],
      // Longer than any test may take, so that a waiting test fails by its own limit, with a better message.
      { cwd: this.directory, encoding: 'utf8', maxBuffer: 256 * 1024 * 1024, timeout: 900_000 },
    );
    return this.readReport(report, stdout + stderr);
  }

  dispose(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  private readReport(report: string, output: string): TestRun {
    interface Result {
      numPassedTests: number;
      numFailedTests: number;
      testResults: { message: string; assertionResults: { status: string; failureMessages: string[] }[] }[];
    }
    let result: Result;
    try {
      result = JSON.parse(readFileSync(report, 'utf8')) as Result;
    } catch {
      return { passed: 0, failures: [], breakdown: output.slice(-2_000) };
    }
    const failures = result.testResults.flatMap(({ assertionResults }) =>
      assertionResults
        .filter(({ status }) => status === 'failed')
        .flatMap(({ failureMessages }) => failureMessages),
    );
    const isVoid = result.numPassedTests + result.numFailedTests === 0;
    const breakdown = isVoid ? result.testResults.map(({ message }) => message).join('\n') : undefined;
    return { passed: result.numPassedTests, failures, ...(breakdown !== undefined && { breakdown }) };
  }
}
