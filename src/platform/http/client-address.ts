import type { IncomingMessage } from 'node:http';
import { isIP, isIPv4, type Socket } from 'node:net';
import { Injectable } from '@nestjs/common';
import ipaddr from 'ipaddr.js';
import proxyAddress from 'proxy-addr';
import { Configuration } from '../configuration/configuration';
import { trustedProxies, type TrustsProxy } from '../configuration/trusted-proxies';

/** The address of a connection that closed before its address was read. */
const UNKNOWN_ADDRESS = 'unknown';
/** Some proxies append the client's port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
const WITH_PORT = /^(?:\[([^\]]+)\]|([\d.]+))(?::\d{1,5})?$/;
/** One household or office has a whole /64. Counting single addresses would give it 2^64 budgets. */
const NETWORK_GROUPS = 4;

/**
 * Finds the client's address, for HTTP requests, WebSocket upgrades and long polling alike. It uses `X-Forwarded-*`
 * headers only from machines that `TRUST_PROXY` names.
 */
@Injectable()
export class ClientAddresses {
  readonly trustsProxy: TrustsProxy;
  /** The addresses of requests, because Node forgets the address of a closed connection. */
  private readonly known = new WeakMap<IncomingMessage, string>();

  constructor(configuration: Configuration) {
    this.trustsProxy = trustedProxies(configuration.TRUST_PROXY);
  }

  /** The client's IP address in its shortest form; IPv4 addresses are never written as IPv6. */
  of(request: IncomingMessage): string {
    let address = this.known.get(request);
    if (address === undefined) {
      address = this.determine(request);
      this.known.set(request, address);
    }
    return address;
  }

  /** The key under which budgets count this client: the IPv4 address, or the /64 network of an IPv6 address. */
  budgetKeyOf(request: IncomingMessage): string {
    return budgetKey(this.of(request));
  }

  /** The budget key of a connection before its first request; undefined when it comes from a trusted proxy. */
  peerKeyOf({ remoteAddress }: Socket): string | undefined {
    const isProxy = remoteAddress !== undefined && this.trustsProxy(remoteAddress, 0);
    return isProxy ? undefined : budgetKey(canonical(remoteAddress) ?? UNKNOWN_ADDRESS);
  }

  /** The scheme that the client used: `X-Forwarded-Proto` of a trusted proxy, otherwise that of the connection. */
  protocolOf(request: IncomingMessage): string {
    const forwarded = request.headers['x-forwarded-proto'];
    const peer = request.socket.remoteAddress;
    if (typeof forwarded === 'string' && peer !== undefined && this.trustsProxy(peer, 0))
      return forwarded.split(',')[0]!.trim().toLowerCase();
    return 'encrypted' in request.socket && request.socket.encrypted ? 'https' : 'http';
  }

  private determine(request: IncomingMessage): string {
    // The list begins with the nearest machine and ends with the client. A proxy may have added text that is no address.
    const addresses = proxyAddress.all(request, this.trustsProxy).map((address) => canonical(address));
    return addresses.findLast((address) => address !== undefined) ?? UNKNOWN_ADDRESS;
  }
}

/** The shortest form of an address, with IPv4-mapped ones as IPv4; undefined for other text. */
function canonical(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const match = WITH_PORT.exec(text);
  const address = match ? (match[1] ?? match[2]!) : text;
  if (isIPv4(address)) return address;
  if (isIP(address) === 0) return undefined;
  return ipaddr.process(withoutZone(address)).toString();
}

/** IPv4 addresses count whole, IPv6 addresses by their /64, IPv4-mapped addresses as the IPv4 address within. */
export function budgetKey(address: string): string {
  if (isIP(address) !== 6) return address;
  const parsed = ipaddr.process(withoutZone(address));
  if (!(parsed instanceof ipaddr.IPv6)) return parsed.toString();
  const network = parsed.parts.slice(0, NETWORK_GROUPS).map((group) => group.toString(16));
  return `${network.join(':')}::/64`;
}

/** `fe80::1%eth0`: the zone names an interface of this machine. */
function withoutZone(address: string): string {
  return address.split('%')[0]!;
}
