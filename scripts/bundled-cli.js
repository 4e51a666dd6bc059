#!/usr/bin/env node
// The build replaces the compiled src/cli.ts by this file, after it has bundled the program (scripts/bundle.mjs). The bundle
// is ASCII, because decoding another encoding takes as long as all the rest here. Another version of Node rejects the code
// cache and compiles the file again.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { Script } = require('node:vm');

const filename = join(__dirname, 'xfchat.js');
const script = new Script(readFileSync(filename, 'latin1'), {
  filename,
  cachedData: readFileSync(`${filename}.cache`),
});
script.runInThisContext()(module.exports, require, module, filename, __dirname);
void module.exports.run(process.argv);
