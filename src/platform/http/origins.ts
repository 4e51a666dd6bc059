/**
 * Whether a browser page of this origin may use the server (G26). No `Origin` means no browser. The server's
 * own origin is the one whose scheme, host and port the request was sent to; `null` is never one.
 *
 * @param protocol the scheme as the proxy in front, if it is trusted, or the connection says
 */
export function isAllowedOrigin(
  origin: string | undefined,
  host: string | undefined,
  protocol: string,
  allowed: readonly string[],
): boolean {
  if (origin === undefined) return true;
  if (allowed.includes(origin)) return true;
  return host !== undefined && origin === `${protocol}://${host.toLowerCase()}`;
}
