import ipaddr from 'ipaddr.js';
import { compile } from 'proxy-addr';

/** Whether the machine with this address, `hop` proxies away from the server, is a proxy of the operator. */
export type TrustsProxy = (address: string, hop: number) => boolean;

const NAMED_RANGES = ['loopback', 'linklocal', 'uniquelocal'];
const MAX_HOPS = 16;
/** A shorter prefix covers networks of strangers. The shortest private ranges are 10.0.0.0/8 and fc00::/7. */
const SHORTEST_PREFIX = { ipv4: 8, ipv6: 7 };
const EXPECTED = `must be the number of proxies (at most ${MAX_HOPS}) or their addresses, separated by commas`;

/**
 * The meaning of `TRUST_PROXY`: a number of proxies, or the addresses and ranges of proxies.
 * @throws TypeError whose message completes a sentence that begins with the name of the variable
 */
export function trustedProxies(value: string | undefined): TrustsProxy {
  if (value === undefined || value === 'false') return () => false;
  if (value === 'true')
    throw new TypeError(`must not be "true": then every client could choose its own address; it ${EXPECTED}`);
  if (/^\d+$/.test(value)) {
    const hops = Number(value);
    if (hops > MAX_HOPS) throw new TypeError(EXPECTED);
    return (_address, hop) => hop < hops;
  }
  const entries = value
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean);
  if (entries.length === 0) throw new TypeError(EXPECTED);
  for (const entry of entries) refuseWideRange(entry);
  try {
    return compile(entries);
  } catch {
    throw new TypeError(EXPECTED);
  }
}

/** @throws TypeError for a range that would trust strangers, such as 0.0.0.0/0 */
function refuseWideRange(entry: string): void {
  if (NAMED_RANGES.includes(entry) || !entry.includes('/')) return;
  const [address = '', length = ''] = entry.split('/');
  if (!ipaddr.isValid(address) || !/^\d{1,3}$/.test(length)) throw new TypeError(EXPECTED);
  if (Number(length) < SHORTEST_PREFIX[ipaddr.parse(address).kind()])
    throw new TypeError(`must not trust a range as wide as ${entry}; it ${EXPECTED}`);
}
