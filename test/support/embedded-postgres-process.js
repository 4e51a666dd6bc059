// A process of its own that holds a built-in PostgreSQL, for tests that kill it.
//   node embedded-postgres-process.js '{"directory": …}'
// Prints a JSON line for each thing that happens; the line `stop` on its input stops the server, and
// the line `exit` the process.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { createInterface } = require('node:readline');
const { transformSync } = require('@swc/core');

const compilation = {
  jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
  module: { type: 'commonjs' },
};
// A full compiler start would take longer than what is tested.
require.extensions['.ts'] = (compiled, file) =>
  compiled._compile(transformSync(readFileSync(file, 'utf8'), { ...compilation, filename: file }).code, file);

const tell = (event, fields = {}) => process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
process.stdout.on('error', () => undefined);
process.on('SIGINT', () => tell('interrupted'));
process.on('unhandledRejection', (error) => tell('unhandled', { message: String(error) }));
process.on('uncaughtException', (error) => tell('unhandled', { message: String(error) }));

const { startEmbeddedPostgres } = require(
  join(__dirname, '../../src/platform/embedded-postgres/embedded-postgres.ts'),
);

async function main() {
  const begin = Date.now();
  const log = (level, message, fields) => tell('log', { level, message, fields });
  const server = await startEmbeddedPostgres({ ...JSON.parse(process.argv[2]), log });
  tell('ready', { pid: server.pid, url: server.url('postgres'), milliseconds: Date.now() - begin });
  setInterval(() => undefined, 1000);
  createInterface({ input: process.stdin }).on('line', (line) => {
    if (line === 'exit') process.exit(0);
    if (line !== 'stop') return;
    const stopBegin = Date.now();
    server.stop().then(
      () => tell('stopped', { milliseconds: Date.now() - stopBegin }),
      (error) => tell('failed', { name: error.name, message: error.message }),
    );
  });
}

main().catch((error) => {
  tell('failed', { name: error.name, message: error.message });
  process.exitCode = 1;
});
