import { loadConfiguration, maskedConfiguration } from '../configuration/load-configuration';
import { redisAddress } from './redis-address';

describe('REDIS_URL', () => {
  it.each<[string, ReturnType<typeof redisAddress>]>([
    ['redis://cache', { nodes: [{ host: 'cache', port: 6_379 }], isEncrypted: false, database: 0 }],
    [
      'rediss://chat:p%2Cw@[::1]:7000/3',
      {
        nodes: [{ host: '::1', port: 7_000 }],
        isEncrypted: true,
        username: 'chat',
        password: 'p,w',
        database: 3,
      },
    ],
    [
      'redis://:pw@a:7000,b:7001,redis://c',
      {
        nodes: [
          { host: 'a', port: 7_000 },
          { host: 'b', port: 7_001 },
          { host: 'c', port: 6_379 },
        ],
        isEncrypted: false,
        password: 'pw',
        database: 0,
      },
    ],
  ])('can be %s', (text, address) => {
    expect(redisAddress(text)).toEqual(address);
    expect(loadConfiguration({ REDIS_URL: text }).REDIS_URL).toBe(text);
  });

  it.each(['cache:6379', 'http://cache', 'redis://', 'redis://a,http://b', 'redis://a/name', 'redis://a,'])(
    'cannot be %s',
    (text) => {
      expect(() => loadConfiguration({ REDIS_URL: text })).toThrow('REDIS_URL must');
    },
  );

  it.each([
    ['redis://chat:secret@cache/1', 'redis://chat:***@cache/1'],
    ['redis://:secret@a:1,b:2', 'redis://:***@a:1,b:2'],
    ['redis://:secret@a,redis://:secret@b', 'redis://:***@a,redis://:***@b'],
    ['redis://a,chat:secret@b', 'redis://a,***'],
    ['redis://cache?password=secret', 'redis://cache?password=***'],
  ])('is shown without a password: %s', (text, shown) => {
    const masked = maskedConfiguration(loadConfiguration({ REDIS_URL: text })).REDIS_URL as string;
    expect(decodeURIComponent(masked)).toBe(shown);
  });
});
