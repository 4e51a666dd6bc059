const { relative } = require('node:path');
const PROVEN_SEEDS = require('./proven-seeds.json');

/** Prints below the results how to run each failed test file again with the same seed. */
module.exports = class RepeatReporter {
  onRunComplete(_contexts, { testResults }) {
    const failed = testResults.filter(
      ({ numFailingTests, testExecError }) => numFailingTests > 0 || testExecError,
    );
    for (const result of failed) process.stderr.write(`To repeat: ${this.commandFor(result)}\n`);
  }

  /** `SEEDS` is part of it, since a test may draw from several seeds of which a later one failed. */
  commandFor({ displayName, testFilePath }) {
    const { SEED = PROVEN_SEEDS[0], SEEDS } = process.env;
    const seeds = SEEDS === undefined ? '' : `SEEDS=${SEEDS} `;
    // Without SEED a test of several seeds draws from the proven ones, and SEED would name the first alone.
    const seed = process.env.SEED === undefined && SEEDS === undefined ? '' : `SEED=${SEED} `;
    const file = relative(process.cwd(), testFilePath);
    // Jest gives no project for a file that could not be loaded.
    const project = displayName ? `--selectProjects ${displayName.name} ` : '';
    return `${seed}${seeds}npx jest ${project}--runInBand --testPathPatterns ${file}`;
  }
};
