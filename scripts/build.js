// `npm run build`: compiles the sources that have changed since the last build.
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

// Folders count too: when a file is deleted, only the time of its folder changes.
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

/** The newest change of the browser client or of the client library that it uses. */
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

/** Builds what is out of date. Ends the process with exit code 1 if there is no program to run afterwards. */
function buildIfNeeded() {
  // A production image has neither sources nor a compiler.
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
  rmSync(output, { recursive: true, force: true }); // removes output of deleted sources, and the stamp
  const begin = new Date();
  run([compiler, '-p', 'tsconfig.build.json']);
  run([bundler]);
  mark(stamp, begin);
}

function buildWeb() {
  console.error('Building the browser client …');
  const begin = new Date();
  run([webBundler, 'build', 'web', '--logLevel', 'warn']); // Vite empties the folder first
  mark(webStamp, begin);
}

function run(words) {
  const { status } = spawnSync(process.execPath, words, {
    cwd: project,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) {
    console.error('XFChat could not be built; see the errors above.');
    process.exit(1);
  }
}

/** Dates the stamp to the begin of the build, so that a file changed during the build is newer. */
function mark(builtStamp, begin) {
  writeFileSync(builtStamp, '');
  utimesSync(builtStamp, begin, begin);
}

module.exports = { buildIfNeeded };
if (require.main === module) buildIfNeeded();
