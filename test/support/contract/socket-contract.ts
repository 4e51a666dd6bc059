import { asyncApi, faultsOf, type Document, type Judgement } from './documents';

const SCHEMA_OF = messagesByAction();

/** The names of messages that the application receives (`receive`) and sends (`send`). */
function messagesByAction(): Record<'receive' | 'send', Map<string, { key: string; reply: string }>> {
  const found = { receive: new Map(), send: new Map() } as ReturnType<typeof messagesByAction>;
  for (const { action, messages, reply } of Object.values<Document>(asyncApi.operations)) {
    const key = keyOf(messages[0]);
    const name = asyncApi.components.messages[key].name as string;
    found[action as 'receive' | 'send'].set(name, { key, reply: reply ? keyOf(reply.messages[0]) : '' });
  }
  return found;
}

function keyOf({ $ref }: { $ref: string }): string {
  return $ref.split('/').at(-1)!;
}

/** The entries that a whole run must exercise: the success of each command, and each event. */
export const expectedOfSockets: readonly string[] = [
  ...[...SCHEMA_OF.receive.keys()].map((name) => `command ${name}`),
  ...[...SCHEMA_OF.send.keys()].map((name) => `event ${name}`),
];

export type Acknowledgement = { ok: true } | { ok: false; problem: { code: string } };

export function judgeCommand(name: string, payload: unknown, answer: Acknowledgement): Judgement {
  const command = SCHEMA_OF.receive.get(name);
  if (!command) return { faults: faultsOfUnknown(name, answer), exercised: undefined };
  const faults = faultsOfMessage(command.reply, answer);
  if (answer.ok) {
    const wrong = faultsOfMessage(command.key, payload);
    faults.push(...wrong.map((fault) => `taken, but documented as wrong: ${fault}`));
  }
  return {
    faults: faults.map((fault) => `${name} ${JSON.stringify(answer)}: ${fault}`),
    exercised: answer.ok ? `command ${name}` : undefined,
  };
}

export function judgeEvent(name: string, payload: unknown): Judgement {
  const event = SCHEMA_OF.send.get(name);
  if (!event) return { faults: [`the event ${name} is not documented`], exercised: undefined };
  const faults = faultsOfMessage(event.key, payload);
  return { faults: faults.map((fault) => `event ${name}: ${fault}`), exercised: `event ${name}` };
}

function faultsOfMessage(key: string, payload: unknown): string[] {
  return faultsOf('asyncapi', ['components', 'messages', key, 'payload'], payload);
}

function faultsOfUnknown(name: string, answer: Acknowledgement): string[] {
  const isRefused = !answer.ok && answer.problem.code === 'malformed-request';
  return isRefused ? [] : [`the command ${name} is not documented`];
}
