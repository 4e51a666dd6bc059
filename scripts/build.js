// `npm run build`: compiles what has changed since the last build, and nothing when nothing has.
const { spawnSync } = require('node:child_process');
const { existsSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const project = join(__dirname, '..');
const output = join(project, 'dist');
const program = join(output, 'cli.js');
const stamp = join(output, '.built');
const compiler = join(project, 'node_modules/typescript/bin/tsc');

function changedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

// Folders count too: theirs is the only time that changes when a file is deleted from them.
function newest(folder) {
  const times = readdirSync(folder, { withFileTypes: true }).map((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? newest(path) : changedAt(path);
  });
  return Math.max(changedAt(folder), ...times);
}

function sourcesChangedAt() {
  const settings = readdirSync(project).filter((name) => /^tsconfig.*\.json$/.test(name));
  return Math.max(newest(join(project, 'src')), ...settings.map((name) => changedAt(join(project, name))));
}

function isBuilt() {
  return existsSync(program) && existsSync(stamp) && changedAt(stamp) >= sourcesChangedAt();
}

/** Ends the process with 1 when there is nothing to run afterwards. */
function buildIfNeeded() {
  // An image for production has neither sources nor compiler.
  const canBuild = existsSync(compiler) && existsSync(join(project, 'src'));
  if (canBuild && !isBuilt()) build();
  if (existsSync(program)) return program;
  console.error(
    'XFChat is not built, and the TypeScript compiler is not installed here: run "npm ci" first.',
  );
  process.exit(1);
}

function build() {
  console.error('Building XFChat …');
  const begin = new Date();
  rmSync(output, { recursive: true, force: true }); // also what came from sources that are gone, and the stamp
  const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], {
    cwd: project,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) {
    console.error('XFChat could not be built; the reasons stand above.');
    process.exit(1);
  }
  writeFileSync(stamp, '');
  utimesSync(stamp, begin, begin); // a file that changed during the build is newer than that
}

module.exports = { buildIfNeeded };
if (require.main === module) buildIfNeeded();
