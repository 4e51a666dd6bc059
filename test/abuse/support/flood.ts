import { Agent, request } from 'node:http';
import { from } from './abuse-server';

export interface FloodAnswer {
  readonly status: number;
  /** Seconds; 0 without the header. */
  readonly retryAfter: number;
}

const AT_ONCE = 50;

/** Repeats a request over many connections until an answer fits, at most `most` times. @returns all answers */
export async function flood(
  url: string,
  path: string,
  address: string,
  isEnough: (answer: FloodAnswer) => boolean,
  most = 30_000,
): Promise<FloodAnswer[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const answers: FloodAnswer[] = [];
  let isOver = false;
  const insist = async (): Promise<void> => {
    while (!isOver && answers.length < most) {
      const answer = await ask(url + path, address, agent);
      if (!answer) continue;
      answers.push(answer);
      isOver ||= isEnough(answer);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, insist));
  agent.destroy();
  return answers;
}

/** @returns undefined when the server has closed the connection meanwhile */
function ask(url: string, address: string, agent: Agent): Promise<FloodAnswer | undefined> {
  return new Promise((resolve) => {
    const sent = request(url, { agent, headers: from(address) }, (response) => {
      const { statusCode = 0, headers } = response;
      const answer = { status: statusCode, retryAfter: Number(headers['retry-after'] ?? 0) };
      response.resume().once('end', () => resolve(answer));
    });
    sent.once('error', () => resolve(undefined)).end();
  });
}
