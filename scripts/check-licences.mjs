// `npm run check:licences`: writes the software bill of materials of the server (sbom.cdx.json, CycloneDX 1.5, made by `npm sbom`
// from the installed packages). It fails when a package has no licence, or one that ALLOWED lacks.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** SPDX identifiers of permissive licences, which require attribution at most. */
const ALLOWED = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'CC0-1.0',
  'MIT',
  'PostgreSQL',
];

const root = join(import.meta.dirname, '..');
const { status, stdout, stderr } = spawnSync('npm', ['sbom', '--omit', 'dev', '--sbom-format', 'cyclonedx'], {
  cwd: root,
  encoding: 'utf8',
  maxBuffer: 64 * 1024 * 1024,
});
if (status !== 0) {
  console.error(`npm sbom failed: ${stderr}`);
  process.exit(1);
}
writeFileSync(join(root, 'sbom.cdx.json'), stdout);

const counts = new Map();
const refused = [];
for (const { name, version, licenses = [] } of JSON.parse(stdout).components) {
  const names = licenses.map(({ license, expression }) => expression ?? license.id ?? license.name);
  // An expression such as "(MIT OR GPL-3.0)" leaves the choice to us.
  const choices = names.flatMap((text) => text.replace(/[()]/g, '').split(' OR '));
  if (!choices.some((choice) => ALLOWED.includes(choice)))
    refused.push(`${name}@${version}: ${names.join(', ') || 'no licence'}`);
  const key = names.join(', ');
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
for (const [licence, count] of [...counts].sort((a, b) => b[1] - a[1]))
  console.log(`${String(count).padStart(4)}  ${licence}`);
for (const line of refused) console.error(`not allowed: ${line}`);
process.exit(refused.length ? 1 : 0);
