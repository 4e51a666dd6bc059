// `npm run check:engines [-- <lock file> …]`: checks that every package of a lock file runs on the oldest Node that package.json
// promises. By default it reads the lock files of this repository.
const { existsSync, readFileSync, readdirSync } = require('node:fs');
const { join, relative } = require('node:path');
const { minVersion, satisfies } = require('semver');

const root = join(__dirname, '..');
const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
const oldest = minVersion(read(join(root, 'package.json')).engines.node).version;

const tools = readdirSync(join(root, 'tools')).map((name) => join(root, 'tools', name));
// Skip folders of downloaded programs (tools/monitoring), which are no packages.
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
