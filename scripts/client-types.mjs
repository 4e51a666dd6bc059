// `npm run client-types`: writes the types of the client from docs/openapi.json and docs/asyncapi.json. With --check it writes
// nothing, and fails when the checked-in types differ.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import openapiTS, { astToString } from 'openapi-typescript';
import { format, resolveConfig } from 'prettier';

const root = join(import.meta.dirname, '..');
const file = join(root, 'client/src/wire.generated.ts');
const documentOf = (name) => JSON.parse(readFileSync(join(root, 'docs', name), 'utf8'));
const openApi = documentOf('openapi.json');
const asyncApi = documentOf('asyncapi.json');

const PREFIX = '/api/v1';
const HEADER =
  '// Written by `npm run client-types` from docs/openapi.json and docs/asyncapi.json. Do not edit it by hand.\n\n';
const NOTHING = { type: 'null' };

const objectOf = (properties, required = Object.keys(properties)) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});

/** The type of the parameters in one place: the path or the query. */
function parametersIn(place, { parameters = [] }) {
  const found = parameters.filter(({ in: where }) => where === place);
  const schemas = Object.fromEntries(found.map(({ name, schema }) => [name, schema]));
  const required = found.filter((parameter) => parameter.required).map(({ name }) => name);
  return found.length > 0 ? objectOf(schemas, required) : NOTHING;
}

const bodyOf = (content) => content?.['application/json']?.schema ?? NOTHING;

/** The routes below `/api/v1` by method and path. `null` stands for an input or an answer that a route does not have. */
function routes() {
  const entries = Object.entries(openApi.paths).filter(([path]) => path.startsWith(`${PREFIX}/`));
  const found = entries.flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => {
      const [success] = Object.keys(operation.responses).sort();
      const route = objectOf({
        params: parametersIn('path', operation),
        query: parametersIn('query', operation),
        body: bodyOf(operation.requestBody?.content),
        answer: bodyOf(operation.responses[success].content),
      });
      const description = operation.summary;
      return [`${method.toUpperCase()} ${path.slice(PREFIX.length)}`, { ...route, description }];
    }),
  );
  return objectOf(Object.fromEntries(found));
}

const messageOf = ({ $ref }) => asyncApi.components.messages[$ref.split('/').at(-1)];

/** The commands of the socket, with their payloads and the data of their acknowledgements. */
function commands() {
  const found = Object.values(asyncApi.operations).filter(({ action }) => action === 'receive');
  return objectOf(
    Object.fromEntries(
      found.map(({ messages: [message], reply, summary }) => {
        const { name, payload } = messageOf(message);
        const { data } = messageOf(reply.messages[0]).payload.oneOf[0].properties;
        return [name, { ...objectOf({ payload, answer: data }), description: summary }];
      }),
    ),
  );
}

/** The payloads of the events by name. */
function events() {
  const found = Object.values(asyncApi.operations).filter(({ action }) => action === 'send');
  const messages = found.map(({ messages: [message] }) => messageOf(message));
  return objectOf(Object.fromEntries(messages.map(({ name, payload }) => [name, payload])));
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Keywords that do not affect a type. If their value is a schema, they are names of properties instead. */
const ANNOTATIONS = new Set(['examples', 'format', 'pattern', 'title']);

function withoutAnnotations(value) {
  if (Array.isArray(value)) return value.map(withoutAnnotations);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).filter(([key, entry]) => isObject(entry) || !ANNOTATIONS.has(key));
  return Object.fromEntries(entries.map(([key, entry]) => [key, withoutAnnotations(entry)]));
}

/** The schemas of both documents. A name must mean the same in both. */
function documentedSchemas() {
  const found = { ...openApi.components.schemas };
  for (const [name, schema] of Object.entries(asyncApi.components.schemas)) {
    if (name in found && JSON.stringify(found[name]) !== JSON.stringify(schema))
      throw new Error(`docs/openapi.json and docs/asyncapi.json describe ${name} differently`);
    found[name] = schema;
  }
  return found;
}

/** The schemas of everything that a client sends or receives, with all schemas that they refer to. */
function clientSchemas() {
  const documented = documentedSchemas();
  const found = { Routes: routes(), Commands: commands(), Events: events() };
  const add = (schema) => {
    for (const [, name] of JSON.stringify(schema).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      if (name in found) continue;
      found[name] = documented[name];
      add(documented[name]);
    }
  };
  add(Object.values(found));
  return withoutAnnotations(Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1))));
}

async function generated() {
  const document = {
    openapi: openApi.openapi,
    info: openApi.info,
    paths: {},
    components: { schemas: clientSchemas() },
  };
  const syntax = await openapiTS(document, {
    immutable: true,
    rootTypes: true,
    rootTypesNoSchemaPrefix: true,
    silent: true,
  });
  const settings = await resolveConfig(file);
  return format(HEADER + astToString(syntax), { ...settings, filepath: file });
}

const text = await generated();
if (!process.argv.includes('--check')) writeFileSync(file, text);
else if (readFileSync(file, 'utf8') !== text) {
  console.error('client/src/wire.generated.ts does not match the documents: run "npm run client-types".');
  process.exitCode = 1;
}
