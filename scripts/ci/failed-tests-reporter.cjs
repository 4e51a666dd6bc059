const { writeFileSync } = require('node:fs');

/** Writes the counts and the failed tests of a run to the file that FAILED_TESTS_FILE names, for scripts/ci/run-stages.mjs. */
module.exports = class FailedTestsReporter {
  onRunComplete(_contexts, { numPassedTests, testResults }) {
    const failed = testResults.flatMap(({ testFilePath, testResults: tests, failureMessage }) => {
      const ofTests = tests
        .filter(({ status }) => status === 'failed')
        .map(({ fullName, failureMessages }) => ({
          file: testFilePath,
          name: fullName,
          message: failureMessages[0],
        }));
      // A file that could not be loaded, or whose hooks failed, has a message and no failed test.
      if (failureMessage && !ofTests.length)
        return [{ file: testFilePath, name: null, message: failureMessage }];
      return ofTests;
    });
    writeFileSync(process.env.FAILED_TESTS_FILE, JSON.stringify({ passed: numPassedTests, failed }));
  }
};
