const { writeFileSync } = require('node:fs');
const RepeatReporter = require('../../test/support/repeat-reporter.js');
const PROVEN_SEEDS = require('../../test/support/proven-seeds.json');

/** Without SEED, a test draws from the first proven seed, or from each of them in turn. */
const seed = () => process.env.SEED ?? PROVEN_SEEDS.join(', ');

/**
 * Writes the count of passed tests and the failed tests of a run to the file that FAILED_TESTS_FILE names, for
 * scripts/ci/run-stages.mjs.
 */
module.exports = class FailedTestsReporter {
  onRunComplete(_contexts, { numPassedTests, testResults }) {
    const failed = testResults.flatMap((result) => {
      const { testFilePath: file, testResults: tests, failureMessage } = result;
      const source = { file, seed: seed(), repeat: new RepeatReporter().commandFor(result) };
      const ofTests = tests
        .filter(({ status }) => status === 'failed')
        .map(({ fullName, failureMessages }) => ({
          ...source,
          name: fullName,
          message: failureMessages[0],
        }));
      // A file that could not be loaded, or whose hooks failed, has a message and no failed test.
      if (failureMessage && !ofTests.length) return [{ ...source, name: null, message: failureMessage }];
      return ofTests;
    });
    writeFileSync(process.env.FAILED_TESTS_FILE, JSON.stringify({ passed: numPassedTests, failed }));
  }
};
