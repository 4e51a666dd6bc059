#!/usr/bin/env node
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const program = join(__dirname, '../dist/cli.js');
if (existsSync(program)) {
  require(program);
} else {
  console.error('XFChat is not built yet: run "npm run build" first.');
  process.exitCode = 1;
}
