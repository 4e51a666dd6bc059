const DEFAULT_PORT = 6_379;

/** The address of Redis, parsed from `REDIS_URL`. */
export interface RedisAddress {
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  readonly isEncrypted: boolean;
  readonly username?: string;
  readonly password?: string;
  readonly database: number;
}

/**
 * `redis[s]://[[username][:password]@]host[:port][/database]`; of a cluster any node, or several separated by
 * commas. The first one has the credentials.
 * @throws TypeError that describes the fault, without the value
 */
export function redisAddress(text: string): RedisAddress {
  const urls = text.split(',').map((part, index) => {
    const whole = part.includes('://') || index === 0 ? part : `${text.split('://')[0]}://${part}`;
    if (!URL.canParse(whole.trim())) throw new TypeError('must be a redis:// or rediss:// URL');
    return new URL(whole.trim());
  });
  const [first] = urls as [URL];
  if (!urls.every(({ protocol }) => protocol === first.protocol && /^rediss?:$/.test(protocol)))
    throw new TypeError('must be a redis:// or rediss:// URL');
  if (!urls.every(({ hostname }) => hostname)) throw new TypeError('must name a host');
  const database = first.pathname.replace(/^\//, '') || '0';
  if (!/^\d{1,5}$/.test(database)) throw new TypeError('must have only a number after the /, if anything');
  return {
    nodes: urls.map(({ hostname, port }) => ({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port) || DEFAULT_PORT,
    })),
    isEncrypted: first.protocol === 'rediss:',
    ...(first.username && { username: decodeURIComponent(first.username) }),
    ...(first.password && { password: decodeURIComponent(first.password) }),
    database: Number(database),
  };
}
