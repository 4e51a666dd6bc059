#!/usr/bin/env node
// The build puts this in the place of the compiled src/cli.ts, once it has made one file of the program
// (scripts/bundle.mjs). It is ASCII: to decode anything else takes as long as all the rest here. Another version of Node
// refuses what V8 has kept, and compiles the file anew.
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
