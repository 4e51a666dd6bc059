import { XFChatError, type Problem } from '@xfchat/client';

const TIMEOUT_MS = 15_000;

/** A request that needs no session. @throws XFChatError */
export async function publicRequest<T>(method: 'GET' | 'POST', path: string, body?: object): Promise<T> {
  try {
    const response = await fetch(`/api/v1${path}`, {
      method,
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    if (!response.ok) throw new XFChatError(JSON.parse(text) as Problem);
    return (text ? JSON.parse(text) : undefined) as T;
  } catch (error) {
    throw error instanceof XFChatError ? error : XFChatError.unreachable(error);
  }
}
