// What `npm start` runs: builds what is not built, then starts the server in this same process, so that
// the signals of npm, of a terminal or of a service manager reach the server itself.
const { buildIfNeeded } = require('../scripts/build');

// npm that is killed outright leaves this process behind, holding the port and the data directory.
function endWithNpm() {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid === parent) return;
    console.error('npm has gone; shutting down.');
    process.kill(process.pid, 'SIGTERM');
  }, 1000).unref();
}

const program = buildIfNeeded();
if (process.env.npm_lifecycle_event) endWithNpm();
process.argv = [process.argv[0], program, 'start', ...process.argv.slice(2)];
require(program);
