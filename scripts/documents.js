// `npm run documents`: writes docs/openapi.json and docs/asyncapi.json from what the code declares.
const { writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { buildIfNeeded } = require('./build');
require('reflect-metadata');

buildIfNeeded();
const { writtenDocuments } = require('../dist/written-documents');
for (const [name, text] of Object.entries(writtenDocuments())) {
  writeFileSync(join(__dirname, '../docs', name), text);
}
