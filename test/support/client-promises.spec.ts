import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const ROOT = join(__dirname, '../..');
const documentOf = (name: string) => JSON.parse(readFileSync(join(ROOT, 'docs', name), 'utf8'));

const ROUTES = Object.entries<object>(documentOf('openapi.json').paths).flatMap(([path, methods]) =>
  Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace('/api/v1', '')}`),
);
const messages: Record<string, { name: string }> = documentOf('asyncapi.json').components.messages;
const COMMANDS = Object.keys(messages)
  .filter((key) => `${key}.ack` in messages)
  .map((key) => messages[key]!.name);

/** This file has `request`, which takes any path. Applications use it; the page must not. */
const ANY_REQUEST = 'client/src/client.ts';

interface Found {
  readonly file: string;
  readonly text: string;
}

function sourcesIn(folder: string): string[] {
  const names = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  const sources = names.filter((name) => /\.tsx?$/.test(name) && !/\.(spec|generated)\./.test(name));
  return sources.map((name) => `${folder}/${name}`);
}

/** The text of an argument, if it is a string literal. */
const textOf = (argument: ts.Expression | undefined): string | undefined =>
  argument && ts.isStringLiteralLike(argument) ? argument.text : undefined;

/** The routes and commands that the sources of the client and the page name. */
function requests() {
  const found = { routes: [] as Found[], commands: [] as Found[], raw: [] as Found[] };
  for (const file of [...sourcesIn('client/src'), ...sourcesIn('web/src')]) {
    const source = ts.createSourceFile(
      file,
      readFileSync(join(ROOT, file), 'utf8'),
      ts.ScriptTarget.Latest,
      true,
    );
    const constants = new Map<string, string>();
    const visit = (node: ts.Node): void => {
      if (
        ts.isVariableDeclaration(node) &&
        ts.isIdentifier(node.name) &&
        textOf(node.initializer) !== undefined
      )
        constants.set(node.name.text, textOf(node.initializer)!);
      const text = ts.isTemplateExpression(node)
        ? node.head.text +
          node.templateSpans
            .map((span) => (constants.get(span.expression.getText()) ?? '') + span.literal.text)
            .join('')
        : ts.isStringLiteralLike(node)
          ? node.text
          : '';
      if (/^(GET|POST|PUT|PATCH|DELETE) \//.test(text)) found.routes.push({ file, text });
      if (ts.isCallExpression(node)) {
        const name = node.expression.getText().split('.').at(-1)!;
        const [first] = node.arguments;
        const command = textOf(first);
        if (/^(command|either)$/.test(name) && command !== undefined)
          found.commands.push({ file, text: command });
        // A request with a free path has the method as its first argument.
        if (
          /^request$|^fetch$/.test(name) &&
          /^['"`](GET|POST|PUT|PATCH|DELETE)['"`]$/.test(first?.getText() ?? '')
        )
          found.raw.push({ file, text: node.getText() });
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return found;
}

describe('the reference client and the page', () => {
  const { routes, commands, raw } = requests();
  const missing = (found: Found[], documented: string[]): Found[] =>
    found.filter(({ text }) => !documented.includes(text));

  it('ask for routes that the server documents', () => {
    expect(missing(routes, ROUTES)).toEqual([]);
    const asked = new Set(routes.map(({ text }) => text));
    expect([...asked]).toEqual(
      expect.arrayContaining([
        'GET /friends',
        'PATCH /users/me',
        'PUT /conversations/{conversationId}/participants/{userId}',
        'DELETE /conversations/{conversationId}/messages/{messageId}',
      ]),
    );
  });

  it('emit commands that the server documents', () => {
    expect(missing(commands, COMMANDS)).toEqual([]);
    expect(new Set(commands.map(({ text }) => text))).toEqual(
      new Set([
        'message:send',
        'message:edit',
        'message:delete',
        'message:react',
        'message:unreact',
        'message:pin',
        'message:unpin',
        'conversation:sync',
        'presence:set',
        'presence:watch',
        'session:refresh',
      ]),
    );
  });

  it('write no path by hand', () => {
    expect(raw.filter(({ file }) => file !== ANY_REQUEST)).toEqual([]);
  });
});
