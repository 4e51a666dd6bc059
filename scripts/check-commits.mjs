// `npm run check:commits`: checks that the subjects of new commits are Conventional Commits of at most 70 characters. It checks
// the commits that origin/main lacks (at most the newest hundred). If there are none, or no origin/main, it checks the newest
// twenty. A shallow clone may have fewer. In a copy without git, it says that nothing was checked.
import { spawnSync } from 'node:child_process';

const LONGEST = 70;
const MOST_UNMERGED = 100;
const NEWEST = 20;
const SUBJECT = /^(build|chore|ci|docs|feat|fix|perf|refactor|revert|style|test)(\([a-z0-9./, -]+\))?!?: \S/;

/** @returns the output, or null when git is missing or the command failed */
function git(...words) {
  const { status, stdout } = spawnSync('git', words, { encoding: 'utf8' });
  return status === 0 ? stdout : null;
}

/** @returns the newest commits of the range, none if the range names an unknown revision */
const commits = (count, range) =>
  git('log', '--no-merges', '--format=%h %s', `-n${count}`, range, '--')?.split('\n').filter(Boolean) ?? [];

/** @returns the fault of a subject, or null */
function faultOf(subject) {
  if (subject.length > LONGEST) return `has ${subject.length} characters; at most ${LONGEST} are allowed`;
  if (!SUBJECT.test(subject)) return 'is not of the form "type(scope): subject"';
  return null;
}

if (git('rev-parse', '--verify', 'HEAD') === null) {
  console.log('check:commits: there is no git history here, so no commit was checked.');
  process.exit(0);
}
const unmerged = commits(MOST_UNMERGED, 'origin/main..HEAD');
const checked = unmerged.length > 0 ? unmerged : commits(NEWEST, 'HEAD');
for (const line of checked) {
  const [hash, subject] = line.split(/ (.*)/s);
  const fault = faultOf(subject);
  if (!fault) continue;
  console.error(`${hash} "${subject}" ${fault}`);
  process.exitCode = 1;
}
