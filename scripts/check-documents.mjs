// `npm run check:documents`: runs the linters of tools/documents on docs/openapi.json and docs/asyncapi.json. It installs them
// there if they are missing.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { installDocumentTools, tools } from './document-tools.mjs';

const openApi = join(tools, '../../docs/openapi.json');
const asyncApi = join(tools, '../../docs/asyncapi.json');
// Newer versions of AsyncAPI exist, but most tools do not read them yet.
const KNOWN = ['asyncapi-latest-version'];

installDocumentTools();
const results = [
  run('redocly', 'lint', '--config', 'redocly.yaml', openApi),
  run('spectral', 'lint', '--ruleset', 'spectral.yaml', '--fail-severity', 'hint', openApi, asyncApi),
  await parse(),
];
process.exit(results.every(Boolean) ? 0 : 1);

function run(command, ...parameters) {
  console.log(`== ${command}`);
  const { status, error } = spawnSync(join('node_modules/.bin', command), parameters, {
    cwd: tools,
    env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
    stdio: 'inherit',
  });
  if (error) console.error(error.message);
  return status === 0;
}

/** Calls the AsyncAPI parser from code, because it has no command. */
async function parse() {
  console.log('== AsyncAPI parser');
  const { Parser } = createRequire(join(tools, 'package.json'))('@asyncapi/parser');
  const { document, diagnostics } = await new Parser().parse(readFileSync(asyncApi, 'utf8'));
  const faults = diagnostics.filter(({ code }) => !KNOWN.includes(code));
  for (const { code, message, path } of faults) console.error(`${path.join('.')}: ${message} (${code})`);
  if (document && faults.length === 0) console.log('No results.');
  return document !== undefined && faults.length === 0;
}
