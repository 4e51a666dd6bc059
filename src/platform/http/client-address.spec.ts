import type { IncomingMessage } from 'node:http';
import { Configuration } from '../configuration/configuration';
import { budgetKey, ClientAddresses } from './client-address';

function addresses(TRUST_PROXY?: string): ClientAddresses {
  return new ClientAddresses(Object.assign(new Configuration(), { TRUST_PROXY }));
}

function request(remoteAddress: string | undefined, headers: Record<string, string> = {}): IncomingMessage {
  return { socket: { remoteAddress }, connection: { remoteAddress }, headers } as unknown as IncomingMessage;
}

const via = (peer: string, forwarded: string) => request(peer, { 'x-forwarded-for': forwarded });

describe('the address of a client', () => {
  it('is that of the connection while no proxy is trusted, whatever the headers claim', () => {
    expect(addresses().of(via('192.0.2.1', '198.51.100.7'))).toBe('192.0.2.1');
    expect(addresses('false').of(via('192.0.2.1', '198.51.100.7'))).toBe('192.0.2.1');
    expect(addresses('0').of(via('192.0.2.1', '198.51.100.7'))).toBe('192.0.2.1');
  });

  it('is the one that trusted proxies report, and none that the client added before', () => {
    expect(addresses('1').of(via('10.0.0.1', '203.0.113.9, 198.51.100.7'))).toBe('198.51.100.7');
    expect(addresses('2').of(via('10.0.0.1', '203.0.113.9, 198.51.100.7'))).toBe('203.0.113.9');
    expect(addresses('10.0.0.0/8').of(via('10.0.0.1', '203.0.113.9, 198.51.100.7, 10.1.1.1'))).toBe(
      '198.51.100.7',
    );
    expect(addresses('10.0.0.0/8').of(via('192.0.2.1', '198.51.100.7'))).toBe('192.0.2.1');
    expect(addresses('loopback').of(via('::ffff:127.0.0.1', '198.51.100.7'))).toBe('198.51.100.7');
  });

  it('is that of the nearest known machine when the report is no address', () => {
    for (const text of ['unknown', '', '_hidden', 'x'.repeat(10_000), '0x7f.1', '1'])
      expect(addresses('1').of(via('10.0.0.1', text))).toBe('10.0.0.1');
  });

  it('has one spelling', () => {
    expect(addresses().of(request('::ffff:192.0.2.1'))).toBe('192.0.2.1');
    expect(addresses('1').of(via('10.0.0.1', '::FFFF:c000:0201'))).toBe('192.0.2.1');
    expect(addresses('1').of(via('10.0.0.1', '192.0.2.1:4711'))).toBe('192.0.2.1');
    expect(addresses('1').of(via('10.0.0.1', '[2001:DB8::0:1]:443'))).toBe('2001:db8::1');
    expect(addresses().of(request('fe80::1%eth0'))).toBe('fe80::1');
  });

  it('is still known after the connection has closed', () => {
    const polling = request('192.0.2.1');
    const known = addresses();
    known.of(polling);
    (polling.socket as { remoteAddress?: string }).remoteAddress = undefined;
    expect(known.of(polling)).toBe('192.0.2.1');
    expect(known.of(request(undefined))).toBe('unknown');
  });
});

describe('the key of a rate limit', () => {
  it('is a whole IPv4 address in any notation', () => {
    expect(budgetKey('192.0.2.1')).toBe('192.0.2.1');
    expect(budgetKey('::ffff:192.0.2.1')).toBe('192.0.2.1');
    expect(budgetKey('192.0.2.1')).not.toBe(budgetKey('192.0.2.2'));
  });

  it('is the /64 network of an IPv6 address', () => {
    expect(budgetKey('2001:db8:1:2::1')).toBe('2001:db8:1:2::/64');
    expect(budgetKey('2001:db8:1:2:ffff:ffff:ffff:ffff')).toBe(budgetKey('2001:db8:1:2::1'));
    expect(budgetKey('2001:db8:1:3::1')).not.toBe(budgetKey('2001:db8:1:2::1'));
  });
});

describe('the scheme of a request', () => {
  it('is the one that a trusted proxy reports, and nobody else', () => {
    const headers = { 'x-forwarded-proto': 'https, http' };
    expect(addresses('1').protocolOf(request('10.0.0.1', headers))).toBe('https');
    expect(addresses('10.0.0.1').protocolOf(request('10.0.0.1', headers))).toBe('https');
    expect(addresses('10.0.0.1').protocolOf(request('192.0.2.1', headers))).toBe('http');
    expect(addresses('false').protocolOf(request('10.0.0.1', headers))).toBe('http');
    expect(addresses().protocolOf(request('10.0.0.1', headers))).toBe('http');
  });
});
