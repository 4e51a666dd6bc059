import { commonCommandProblems } from '../../platform/documents/common-problems';
import type { EventDocument, EventDocuments } from '../../platform/documents/documented';
import { constant, type JsonSchema } from '../../platform/documents/schema';
import type { ProblemKind } from '../../platform/problems/problem-kind';
import { version } from '../../platform/version';
import { Components } from './components';
import type { DeclaredCommand } from './declared';
import { exampleOf } from './example';
import { nameComponents, nameModels } from './name-models';
import { problemExample, problemWith } from './problem-schema';
import { SOCKET_DESCRIPTION } from './texts';

const CHANNEL = '#/channels/socket';

/**
 * Writes the socket interface as AsyncAPI 3.0, from what the gateways declare. The described application is the server.
 */
export function asyncApi(commands: readonly DeclaredCommand[], events: EventDocuments): object {
  const writer = new Writer();
  const operations: Record<string, object> = {};
  for (const command of commands) operations[`receive.${keyOf(command.event)}`] = writer.command(command);
  for (const [event, document] of Object.entries(events)) {
    operations[`send.${keyOf(event)}`] = writer.event(event, document);
  }
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'XFChat',
      version,
      description: SOCKET_DESCRIPTION,
      license: { name: 'MIT', url: 'https://opensource.org/license/mit' },
    },
    defaultContentType: 'application/json',
    servers: {
      own: {
        host: 'localhost:3000',
        protocol: 'ws',
        pathname: '/socket.io',
        description: 'The server that serves this document.',
        security: [{ $ref: '#/components/securitySchemes/accessToken' }],
      },
    },
    channels: {
      socket: {
        address: '/',
        description: 'The namespace of all commands and events.',
        messages: references('#/components/messages', writer.messages),
      },
    },
    operations,
    components: {
      securitySchemes: {
        accessToken: {
          // AsyncAPI has no name for Socket.IO's `auth`. This type means neither a header nor the query.
          type: 'apiKey',
          in: 'user',
          description: 'An access token as `token` in `auth` of the Socket.IO handshake, and nowhere else.',
        },
      },
      messages: writer.messages,
      schemas: nameComponents(writer.components.schemas),
    },
  };
}

class Writer {
  readonly components = new Components();
  readonly messages: Record<string, object> = {};

  command({ event, payload, document }: DeclaredCommand): object {
    const key = keyOf(event);
    const kinds = [...new Set([...commonCommandProblems(document.isWrite), ...document.problems])];
    this.add(key, event, document.summary, this.components.useDto(payload));
    const data = this.components.use(document.answer);
    const title = event.replaceAll(/(^|:)([a-z])/g, (_match, _colon, letter: string) => letter.toUpperCase());
    this.add(
      `${key}.ack`,
      `${event} acknowledged`,
      'The argument of the acknowledgement.',
      {
        title: `${title}Acknowledgement`,
        oneOf: [acknowledgement(`${title}Done`, { ok: constant(true), data }), this.refusal(title, kinds)],
      },
      [
        { name: 'ok', payload: { ok: true, data: exampleOf(data, this.components.schemas) } },
        ...kinds.map((kind) => ({
          name: kind.code,
          payload: { ok: false, problem: this.problem(kind, event) },
        })),
      ],
    );
    return {
      action: 'receive',
      channel: { $ref: CHANNEL },
      summary: document.summary,
      description: [document.description, describeKinds(kinds)].filter(Boolean).join('\n\n'),
      messages: [reference(key)],
      reply: { channel: { $ref: CHANNEL }, messages: [reference(`${key}.ack`)] },
    };
  }

  event(event: string, document: EventDocument): object {
    // `conversation:read` is both a command and an event.
    const name = keyOf(event) in this.messages ? `${keyOf(event)}.event` : keyOf(event);
    if ('payload' in document) {
      this.add(name, event, document.summary, this.components.use(document.payload));
    } else {
      const examples = document.problems.map((kind) => ({
        name: kind.code,
        payload: this.problem(kind, '/socket.io'),
      }));
      this.add(name, event, document.summary, this.components.use(problemWith(document.problems)), examples);
    }
    return {
      action: 'send',
      channel: { $ref: CHANNEL },
      summary: document.summary,
      messages: [reference(name)],
    };
  }

  private refusal(title: string, kinds: readonly ProblemKind[]): JsonSchema {
    const problem = { title: `${title}Problem`, ...this.components.use(problemWith(kinds)) };
    return acknowledgement(`${title}Refused`, { ok: constant(false), problem });
  }

  private problem(kind: ProblemKind, instance: string): object {
    return problemExample(kind, instance, (schema) =>
      exampleOf(this.components.use(schema), this.components.schemas),
    );
  }

  private add(
    key: string,
    name: string,
    summary: string,
    payload: JsonSchema,
    examples: object[] = [{ payload: exampleOf(payload, this.components.schemas) }],
  ): void {
    const model = key.replaceAll(/(^|[._-])([a-z])/g, (_match, _dash, letter: string) =>
      letter.toUpperCase(),
    );
    this.messages[key] = { name, title: name, summary, payload: nameModels(payload, model), examples };
  }
}

function acknowledgement(title: string, properties: Record<string, JsonSchema>): JsonSchema {
  return {
    title,
    type: 'object',
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
  };
}

const describeKinds = (kinds: readonly ProblemKind[]): string =>
  `Refused with ${kinds.map(({ code, status }) => `\`${code}\` (${status})`).join(', ')}.`;

/** Names of components must not contain colons. */
const keyOf = (event: string): string => event.replace(':', '.');
const reference = (key: string): object => ({ $ref: `${CHANNEL}/messages/${key}` });
const references = (prefix: string, entries: Record<string, object>): object =>
  Object.fromEntries(Object.keys(entries).map((key) => [key, { $ref: `${prefix}/${key}` }]));
