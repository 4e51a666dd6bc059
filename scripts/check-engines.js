// `npm run check:engines [-- <lock file> …]`: every package of a lock file has to run on the oldest Node that
// package.json promises. Reads the lock files of this repository when none is named.
const { existsSync, readFileSync, readdirSync } = require('node:fs');
const { join, relative } = require('node:path');
const { minVersion, satisfies } = require('semver');

const root = join(__dirname, '..');
const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
const oldest = minVersion(read(join(root, 'package.json')).engines.node).version;

const tools = readdirSync(join(root, 'tools')).map((name) => join(root, 'tools', name));
// A folder of downloaded programs (tools/monitoring) is no package.
const folders = [root, ...tools.filter((folder) => existsSync(join(folder, 'package.json')))];
const named = process.argv.slice(2);
const files = named.length > 0 ? named : folders.map((folder) => join(folder, 'package-lock.json'));

for (const file of files) {
  for (const [path, { version, engines }] of Object.entries(read(file).packages)) {
    if (!engines?.node || satisfies(oldest, engines.node)) continue;
    console.error(
      `${relative(root, file)}: ${path} ${version} requires Node ${engines.node}; Node ${oldest} is supported`,
    );
    process.exitCode = 1;
  }
}
