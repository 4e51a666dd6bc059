import { io, type Socket } from 'socket.io-client';

export interface RoundTrip {
  /** `ok`, the code of a rejection, or the step that timed out: `no-connection`, `no-answer`, `not-heard`. */
  readonly reason: string;
  readonly durationMs: number;
}

interface RoundTripOptions {
  readonly url: string;
  readonly headers?: Record<string, string>;
  readonly token: string;
  readonly conversationId: string;
  readonly id: string;
  readonly limitMs: number;
}

type Answer = { ok: true } | { ok: false; problem: { code: string } };

/** Sends one message over a socket of its own, and waits for the acknowledgement and the event. Never rejects. */
export async function measureRoundTrip({
  url,
  headers,
  token,
  conversationId,
  id,
  limitMs,
}: RoundTripOptions): Promise<RoundTrip> {
  const started = performance.now();
  const socket = io(url, {
    auth: { token },
    ...(headers && { extraHeaders: headers }),
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    timeout: limitMs,
  });
  let missing = 'no-connection';
  let timer: NodeJS.Timeout | undefined;
  try {
    const reason = await Promise.race([
      roundTrip(socket, { conversationId, id }, (next) => (missing = next)),
      new Promise<string>((resolve) => (timer = setTimeout(() => resolve(missing), limitMs))),
    ]);
    return { reason, durationMs: performance.now() - started };
  } finally {
    clearTimeout(timer);
    socket.close();
  }
}

async function roundTrip(
  socket: Socket,
  { conversationId, id }: { conversationId: string; id: string },
  awaiting: (what: string) => void,
): Promise<string> {
  const refusal = await new Promise<string | undefined>((resolve) => {
    socket.once('ready', () => resolve(undefined));
    socket.once('connect_error', (error: Error & { data?: { code?: string } }) =>
      resolve(error.data?.code ?? 'no-connection'),
    );
  });
  if (refusal !== undefined) return refusal;
  awaiting('no-answer');
  const heard = new Promise<void>((resolve) =>
    socket.on('message:created', (message: { id: string }) => message.id === id && resolve()),
  );
  const answer = (await socket.emitWithAck('message:send', { conversationId, id, body: 'canary' })) as Answer;
  if (!answer.ok) return answer.problem.code;
  awaiting('not-heard');
  await heard;
  return 'ok';
}
