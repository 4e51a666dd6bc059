import { RedisTooOldError, verify } from './redis-connection';

const info = (version: string, cluster: 0 | 1): string =>
  `# Server\r\nredis_version:${version}\r\nvalkey_version:8.0.1\r\n# Cluster\r\ncluster_enabled:${cluster}\r\n`;

describe('the information of Redis', () => {
  it('tells whether it is part of a cluster', () => {
    expect(verify(info('7.0.15', 0))).toBe(false);
    expect(verify(info('7.2.4', 1))).toBe(true);
    expect(verify(info('10.1.0', 0))).toBe(false);
  });

  it('is an error before version 7, which has no sharded channels', () => {
    expect(() => verify(info('6.2.14', 0))).toThrow(
      new RedisTooOldError('Redis 6.2.14 is too old: version 7 is needed'),
    );
  });
});
