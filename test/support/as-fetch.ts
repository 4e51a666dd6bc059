/**
 * Sends the request of a documented `curl` command to a test server, without needing curl. It knows the few options that the
 * documentation uses.
 */
export function asFetch(command: string, base: string): Promise<Response> {
  const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2]!);
  const after = (flag: string): string | undefined => words[words.indexOf(flag) + 1 || words.length];
  const url = words.find((word) => word.startsWith('http'))!.replace('http://localhost:3000', base);
  const body = after('-d');
  const [name, value] = (after('-H') ?? 'accept: */*').split(': ');
  return fetch(url, { method: body ? 'POST' : 'GET', body, headers: { [name!]: value! } });
}
