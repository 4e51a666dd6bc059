// What `npm start` runs: builds what is not built, then starts the server in this same process, so that
// the signals of npm, of a terminal or of a service manager reach the server itself.
const { readFileSync } = require('node:fs');
const { buildIfNeeded } = require('../scripts/build');

const startedBy = starter(); // read before the build, in the course of which npm may go

// The process that must live for this one to go on. npm runs its scripts by `sh -c`, and where that shell
// has not made way for the script, it is the shell's own parent that tells whether npm is still there.
function starter() {
  try {
    const commandLine = readFileSync(`/proc/${process.ppid}/cmdline`, 'utf8').split('\0');
    if (commandLine[1] !== '-c') return process.ppid;
    const status = readFileSync(`/proc/${process.ppid}/stat`, 'utf8');
    return Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return process.ppid; // not Linux; the shells of macOS make way
  }
}

// npm that is killed outright leaves this process behind, holding the port and the data directory.
function endWithNpm() {
  const watch = setInterval(() => {
    if (starter() === startedBy) return;
    clearInterval(watch); // a second signal could be taken for impatience
    console.error('npm has gone; shutting down.');
    process.kill(process.pid, 'SIGTERM');
  }, 1000).unref();
}

const program = buildIfNeeded();
if (process.env.npm_lifecycle_event) endWithNpm();
process.argv = [process.argv[0], program, 'start', ...process.argv.slice(2)];
require(program);
