/**
 * Whether a browser page of this origin may use the server (G26). A request without `Origin` is not from a browser.
 * The server's own origin has the scheme, host and port that the request was sent to; it is never `null`.
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
