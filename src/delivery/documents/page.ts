import type { JsonSchema } from '../../platform/documents/schema';

type Node = Record<string, unknown>;
interface Operation extends Node {
  tags?: string[];
  summary: string;
  description?: string;
}

const STYLE = `
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1rem;color:#1a1a1a;background:#fff}
h2{margin-top:2.5rem;border-bottom:1px solid #ccc}code,pre{font-family:ui-monospace,monospace;font-size:.875em}
pre{background:#f4f4f4;padding:.75rem;overflow-x:auto}code{background:#f4f4f4;padding:0 .2em}pre code{padding:0}
details{border:1px solid #ddd;border-radius:4px;margin:.5rem 0;padding:.25rem .75rem}summary{cursor:pointer}
table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #eee;text-align:left;padding:.25rem .5rem;vertical-align:top}
.method{display:inline-block;min-width:4.5em;font-weight:600}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#161616}pre,code{background:#262626}details,h2{border-color:#444}a{color:#8ab4ff}td,th{border-color:#333}}`;

/**
 * Renders both documents as one page. It has no script and loads nothing, so it works under any content security policy
 * and without a network.
 */
export function documentsPage(openApi: object, asyncApi: object): string {
  const http = openApi as Node & {
    info: Node;
    tags: Node[];
    paths: Record<string, Record<string, Operation>>;
  };
  const sockets = asyncApi as Node & {
    info: Node;
    operations: Record<string, Operation & { action: string }>;
  };
  const routes = Object.entries(http.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
  const groups = http.tags.map(({ name, description }) => {
    const own = routes.filter(({ operation }) => operation.tags?.[0] === name);
    return `${heading(String(name))}<p>${escape(description)}</p>${own.map((route) => routeOf(route, http)).join('')}`;
  });
  const operations = Object.values(sockets.operations);
  const section = (title: string, action: string): string =>
    heading(title) +
    operations
      .filter((operation) => operation.action === action)
      .map((operation) => socketOperation(operation, sockets))
      .join('');
  const schemas = { ...schemasOf(http), ...schemasOf(sockets) };
  const parts = [
    `<h1>XFChat ${escape(http.info.version)}</h1>`,
    `<p><a href="/openapi.json">/openapi.json</a> · <a href="/asyncapi.json">/asyncapi.json</a></p>`,
    `<p>${[...http.tags.map(({ name }) => String(name)), ...OTHER_SECTIONS].map(linkTo).join(' · ')}</p>`,
    prose(http.info.description),
    ...groups,
    `${heading('Over Socket.IO')}${prose(sockets.info.description)}`,
    section('Commands', 'receive'),
    section('Events', 'send'),
    heading('Schemas'),
    ...Object.entries(schemas).map(
      ([name, schema]) => `<h3 id="${escape(name)}">${escape(name)}</h3>${schemaOf(schema)}`,
    ),
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>XFChat</title><style>${STYLE}</style></head><body>
${parts.join('\n')}
</body></html>
`;
}

function routeOf(
  { method, path, operation }: { method: string; path: string; operation: Operation },
  document: Node,
): string {
  const parameters = (operation.parameters ?? []) as Node[];
  const rows = parameters.map((parameter) =>
    row([
      code(parameter.name),
      escape(parameter.in),
      limitsOf(parameter.schema as JsonSchema),
      escape(parameter.description),
    ]),
  );
  const body = operation.requestBody as Node | undefined;
  const answers = Object.entries(operation.responses as Record<string, Node>).map(([status, response]) => {
    const answer = follow(response, document);
    return row([status, contentOf(answer) || escape(''), prose(answer.description)]);
  });
  return fold(
    `<span class="method">${method.toUpperCase()}</span> ${code(path)} ${escape(operation.summary)}`,
    [
      prose(operation.description),
      operation.security ? '<p>Needs no access token.</p>' : '',
      rows.length > 0 ? `<p>Parameters</p><table>${rows.join('')}</table>` : '',
      body ? `<p>Body: ${contentOf(body)}</p>${exampleIn(body)}` : '',
      `<p>Answers</p><table>${answers.join('')}</table>`,
      Object.entries(operation.responses as Record<string, Node>)
        .filter(([status]) => status < '300')
        .map(([, response]) => exampleIn(response))
        .at(0) ?? '',
    ],
  );
}

function socketOperation(operation: Operation, document: Node): string {
  const [message] = (operation.messages as Node[]).map((reference) => resolve(reference, document));
  const reply = ((operation.reply as Node | undefined)?.messages as Node[] | undefined)?.map((reference) =>
    resolve(reference, document),
  )[0];
  const example = (entry: Node): string => json((entry.examples as Node[])[0]!.payload);
  return fold(`${code(message!.name)} ${escape(operation.summary)}`, [
    prose(operation.description),
    `<p>${typeName(message!.payload as JsonSchema)}</p>${example(message!)}`,
    reply ? `<p>Acknowledged with</p>${example(reply)}` : '',
  ]);
}

function schemaOf(schema: JsonSchema): string {
  const required = (schema.required ?? []) as string[];
  const fields = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>).map(
    ([name, field]) =>
      row([
        code(name),
        required.includes(name) ? '' : 'optional',
        limitsOf(field),
        escape(field.description),
      ]),
  );
  return `${prose(schema.description)}<table>${fields.join('')}</table>`;
}

/** Describes a type and its limits in words. */
function limitsOf(schema: JsonSchema): string {
  const limits = ['format', 'const', 'minLength', 'maxLength', 'minimum', 'maximum', 'maxItems', 'pattern']
    .filter((name) => schema[name] !== undefined && schema[name] !== Number.MAX_SAFE_INTEGER)
    .map((name) => `${name} ${code(schema[name])}`);
  const values = schema.enum ? [(schema.enum as unknown[]).map(code).join(' ')] : [];
  return [typeName(schema), ...values, ...limits].join(', ');
}

function typeName(schema: JsonSchema): string {
  if (typeof schema.$ref === 'string') {
    const name = schema.$ref.split('/').at(-1)!;
    return `<a href="#${escape(name)}">${escape(name)}</a>`;
  }
  const options = (schema.anyOf ?? schema.oneOf ?? schema.allOf) as JsonSchema[] | undefined;
  if (options)
    return options
      .map(typeName)
      .filter(Boolean)
      .join(schema.allOf ? '' : ' or ');
  if (schema.type === 'array') return `list of ${typeName((schema.items ?? {}) as JsonSchema)}`;
  return escape(([schema.type ?? ''].flat() as string[]).join(' or '));
}

const contentOf = ({ content }: Node): string =>
  Object.entries((content ?? {}) as Record<string, { schema: JsonSchema }>)
    .map(([type, { schema }]) => `${typeName(schema)} <small>${escape(type)}</small>`)
    .join('');

function exampleIn({ content }: Node): string {
  const example = Object.values((content ?? {}) as Record<string, Node>)[0]?.example;
  return example === undefined ? '' : json(example);
}

function follow(node: Node, document: Node): Node {
  if (typeof node.$ref !== 'string') return node;
  const steps = node.$ref.slice(2).split('/');
  return steps.reduce<Node>((place, step) => place[step] as Node, document);
}

/** Follows references to references. */
function resolve(node: Node, document: Node): Node {
  return typeof node.$ref === 'string' ? resolve(follow(node, document), document) : node;
}

const schemasOf = (document: Node): Record<string, JsonSchema> =>
  (document.components as { schemas: Record<string, JsonSchema> }).schemas;
const OTHER_SECTIONS = ['Over Socket.IO', 'Commands', 'Events', 'Schemas'];
const anchorOf = (title: string): string => `section-${title.toLowerCase().replaceAll(/[^a-z]+/g, '-')}`;
const heading = (title: string): string => `<h2 id="${anchorOf(title)}">${escape(title)}</h2>`;
const linkTo = (title: string): string => `<a href="#${anchorOf(title)}">${escape(title)}</a>`;
const fold = (summary: string, parts: string[]): string =>
  `<details><summary>${summary}</summary>${parts.join('')}</details>`;
const row = (cells: string[]): string => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
const code = (value: unknown): string => `<code>${escape(value)}</code>`;
const json = (value: unknown): string => `<pre>${escape(JSON.stringify(value, null, 2))}</pre>`;

/** Renders the Markdown that descriptions use: paragraphs, `code` and **emphasis**. */
function prose(value: unknown): string {
  if (typeof value !== 'string' || value === '') return '';
  const marked = escape(value)
    .replaceAll(/`([^`]+)`/g, '<code>$1</code>')
    .replaceAll(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>');
  return marked
    .split('\n\n')
    .map((paragraph) => `<p>${paragraph}</p>`)
    .join('');
}

function escape(value: unknown): string {
  const text = typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
