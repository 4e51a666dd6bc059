import { STATUS_CODES } from 'node:http';
import type { Type } from '@nestjs/common';
import { commonProblems } from '../../platform/documents/common-problems';
import type { RouteDocument } from '../../platform/documents/documented';
import { alternativesOf, fieldsOf } from '../../platform/documents/field-schema';
import { EXAMPLE_ID, type JsonSchema } from '../../platform/documents/schema';
import { STORAGE_FULL, TEMPORARILY_UNAVAILABLE } from '../../platform/problems/general-problems';
import { problemCode, type ProblemKind } from '../../platform/problems/problem-kind';
import { EMOJI_SCHEMA } from '../../platform/validation/emoji';
import { GIVEN_ID } from '../../platform/validation/field-rules';
import { version } from '../../platform/version';
import { Components } from './components';
import type { DeclaredRoute } from './declared';
import { exampleOf } from './example';
import { answerHeaders, headerExample, HEADERS } from './headers';
import { nameComponents, nameModels } from './name-models';
import { problemExample, problemWith } from './problem-schema';
import { GROUPS, HTTP_DESCRIPTION, TAG_OF } from './texts';

/** Writes the HTTP interface as OpenAPI 3.1, from what the routes declare. */
export function openApi(routes: readonly DeclaredRoute[]): object {
  const writer = new RouteWriter();
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method] = writer.operation(route);
  return {
    openapi: '3.1.0',
    info: {
      title: 'XFChat',
      version,
      summary: 'The HTTP interface of a self-hosted chat backend.',
      description: HTTP_DESCRIPTION,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'The server that serves this document.' }],
    security: [{ accessToken: [] }],
    tags: Object.entries(GROUPS)
      .filter(([tag]) => routes.some(({ group }) => tagOf(group) === tag))
      .map(([name, description]) => ({ name, description })),
    paths,
    components: {
      securitySchemes: { accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      headers: HEADERS,
      responses: sorted(writer.responses),
      schemas: nameComponents(sorted(writer.components.schemas)),
    },
  };
}

const STREAM_DESCRIPTION =
  'Subscription: updates of this resource in the framing of Braid, for as long as the client listens. See docs/braid.md.';

const tagOf = (group: string): string => TAG_OF[group] ?? group;

class RouteWriter {
  readonly components = new Components();
  /** Problem responses by name, since many routes share them. */
  readonly responses: Record<string, object> = {};

  operation(route: DeclaredRoute): object {
    const { document, group, name, body } = route;
    if (document.answers[201] && !document.location) throw new Error(`${group}.${name} declares no location`);
    const model = `${group}${name[0]!.toUpperCase()}${name.slice(1)}`;
    return {
      operationId: `${model[0]!.toLowerCase()}${model.slice(1)}`,
      tags: [tagOf(group)],
      summary: document.summary,
      ...(document.description && { description: document.description }),
      ...(route.isPublic && { security: [] }),
      ...this.parameters(route),
      ...(body && { requestBody: this.requestBody(body) }),
      ...(document.file && { requestBody: fileBody(document.file) }),
      responses: { ...this.answers(document, `${model}Answer`), ...this.refusals(route) },
    };
  }

  private parameters({ pathParameters, query, document, method }: DeclaredRoute): object {
    const parameters = [
      ...pathParameters.map((name) => ({
        name,
        in: 'path',
        required: true,
        example: name === 'code' ? 'rate-limited' : name === 'emoji' ? '👍' : EXAMPLE_ID,
        schema: this.components.use(
          name === 'code' ? problemCode() : name === 'emoji' ? EMOJI_SCHEMA : GIVEN_ID,
        ),
      })),
      ...Object.entries(query ? fieldsOf(query) : {}).map(([name, { schema, isOptional }]) => {
        const { description, ...rest } = schema;
        const facts = description ? { description } : {};
        const example = exampleOf(rest, this.components.schemas);
        return {
          name,
          in: 'query',
          required: !isOptional,
          ...facts,
          example,
          schema: this.components.use(rest),
        };
      }),
      ...Object.entries(document.headers ?? {}).map(([name, description]) => ({
        name,
        in: 'header',
        description,
        example: headerExample(name, method),
        schema: { type: 'string' },
      })),
    ];
    return parameters.length > 0 ? { parameters } : {};
  }

  private requestBody(body: Type<object>): object {
    const required =
      alternativesOf(body) !== undefined ||
      Object.values(fieldsOf(body)).some(({ isOptional }) => !isOptional);
    return { required, content: this.json(this.components.useDto(body), body.name) };
  }

  /** @param model the name for answers without a name of their own */
  private answers({ answers, headers }: RouteDocument, model: string): Record<string, object> {
    return Object.fromEntries(
      Object.entries(answers).map(([status, answer]) => {
        const description = 'isStream' in answer ? STREAM_DESCRIPTION : STATUS_CODES[status]!;
        const common = { description, headers: headersFor(Number(status), headers) };
        if ('isEmpty' in answer) return [status, common];
        if ('isStream' in answer)
          return [
            status,
            { ...common, content: this.json(this.components.use(answer.resource as JsonSchema), model) },
          ];
        if ('mediaType' in answer) {
          return [
            status,
            { ...common, content: { [answer.mediaType as string]: { schema: { type: 'string' } } } },
          ];
        }
        return [status, { ...common, content: this.json(this.components.use(answer), model) }];
      }),
    );
  }

  private json(schema: JsonSchema, model: string): object {
    return {
      'application/json': {
        schema: nameModels(schema, model),
        example: exampleOf(schema, this.components.schemas),
      },
    };
  }

  private refusals(route: DeclaredRoute): Record<string, object> {
    const { document, body, query, pathParameters, isPublic, method } = route;
    const ids = pathParameters.filter((name) => name !== 'code');
    const shared = commonProblems({
      kind: document.kind ?? 'service',
      isPublic,
      isWrite: method !== 'get',
      hasBody: body !== undefined || document.file !== undefined,
      hasInput:
        [body, query, document.headers, document.file].some((part) => part !== undefined) || ids.length > 0,
    });
    const all = [...new Set([...shared, ...(document.problems ?? [])])];
    const statuses = [...new Set(all.map((kind) => kind.status))].sort();
    return Object.fromEntries(
      statuses.map((status) => {
        const kinds = all.filter((kind) => kind.status === status);
        const name = nameOf(kinds);
        this.responses[name] ??= this.refusal(status, kinds);
        return [status, { $ref: `#/components/responses/${name}` }];
      }),
    );
  }

  private refusal(status: number, kinds: readonly ProblemKind[]): object {
    const examples = kinds.map((kind): [string, object] => {
      const problem = problemExample(kind, '/api/v1/conversations', (schema) =>
        exampleOf(this.components.use(schema), this.components.schemas),
      );
      return [kind.code, { value: problem }];
    });
    return {
      description: kinds.map(({ code, title }) => `\`${code}\`: ${title}.`).join(' '),
      headers: headersFor(status),
      content: {
        'application/problem+json': {
          schema: nameModels(this.components.use(problemWith(kinds)), `${nameOf(kinds)}Problem`),
          examples: Object.fromEntries(examples),
        },
      },
    };
  }
}

const fileBody = (description: string): object => ({
  required: true,
  content: {
    'multipart/form-data': {
      schema: {
        title: 'Upload',
        type: 'object',
        properties: { file: { type: 'string', format: 'binary', description } },
        required: ['file'],
        additionalProperties: false,
      },
    },
  },
});

/** `UserNotFound`, `ForbiddenOrSomethingElse`; the problems that all services share are `Unavailable`. */
function nameOf(kinds: readonly ProblemKind[]): string {
  if (kinds.includes(STORAGE_FULL)) return 'UnavailableForWriting';
  if (kinds.includes(TEMPORARILY_UNAVAILABLE)) return 'Unavailable';
  return kinds
    .map(({ code }) =>
      code.replaceAll(/(^|-)([a-z])/g, (_match, _dash, letter: string) => letter.toUpperCase()),
    )
    .join('Or');
}

const headersFor = (status: number, requestHeaders?: RouteDocument['headers']): object =>
  Object.fromEntries(
    answerHeaders(status, requestHeaders).map((name) => [name, { $ref: `#/components/headers/${name}` }]),
  );

const sorted = <T>(entries: Record<string, T>): Record<string, T> =>
  Object.fromEntries(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)));
