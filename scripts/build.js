// `npm run build`: compiles what has changed since the last build, and nothing when nothing has.
const { spawnSync } = require('node:child_process');
const { existsSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const project = join(__dirname, '..');
const output = join(project, 'dist');
const program = join(output, 'cli.js');
const stamp = join(output, '.built');
const bundler = join(__dirname, 'bundle.mjs');
const compiler = join(project, 'node_modules/typescript/bin/tsc');
const web = join(project, 'web');
const page = join(web, 'dist/index.html');
const webStamp = join(web, 'dist/.built');
const webBundler = join(project, 'node_modules/vite/bin/vite.js');

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
  const settings = readdirSync(project).filter((name) => /^(tsconfig.*|package-lock)\.json$/.test(name));
  const files = [...settings.map((name) => join(project, name)), bundler, join(__dirname, 'bundled-cli.js')];
  return Math.max(newest(join(project, 'src')), ...files.map(changedAt));
}

/** Of the browser client and of the library that it is built on. */
function webSourcesChangedAt() {
  const settings = ['index.html', 'package.json', 'vite.config.js'].map((name) => changedAt(join(web, name)));
  const folders = [join(web, 'src'), join(web, 'public'), join(project, 'client/src')];
  return Math.max(...folders.map(newest), ...settings);
}

function isBuilt() {
  return existsSync(program) && existsSync(stamp) && changedAt(stamp) >= sourcesChangedAt();
}

function isWebBuilt() {
  return existsSync(page) && existsSync(webStamp) && changedAt(webStamp) >= webSourcesChangedAt();
}

/** Ends the process with 1 when there is nothing to run afterwards. */
function buildIfNeeded() {
  // An image for production has neither sources nor compiler.
  const canBuild = existsSync(compiler) && existsSync(join(project, 'src'));
  if (canBuild && !isBuilt()) build();
  const canBuildWeb = existsSync(webBundler) && existsSync(join(web, 'src'));
  if (canBuildWeb && !isWebBuilt()) buildWeb();
  if (existsSync(program)) return program;
  console.error(
    'XFChat is not built, and the TypeScript compiler is not installed here: run "npm ci" first.',
  );
  process.exit(1);
}

function build() {
  console.error('Building XFChat …');
  rmSync(output, { recursive: true, force: true }); // also what came from sources that are gone, and the stamp
  const begin = new Date();
  run([compiler, '-p', 'tsconfig.build.json']);
  run([bundler]);
  mark(stamp, begin);
}

function buildWeb() {
  console.error('Building the browser client …');
  const begin = new Date();
  run([webBundler, 'build', 'web', '--logLevel', 'warn']); // empties the folder first
  mark(webStamp, begin);
}

function run(words) {
  const { status } = spawnSync(process.execPath, words, {
    cwd: project,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) {
    console.error('XFChat could not be built; the reasons stand above.');
    process.exit(1);
  }
}

/** A file that changed during the build is newer than its begin. */
function mark(builtStamp, begin) {
  writeFileSync(builtStamp, '');
  utimesSync(builtStamp, begin, begin);
}

module.exports = { buildIfNeeded };
if (require.main === module) buildIfNeeded();
