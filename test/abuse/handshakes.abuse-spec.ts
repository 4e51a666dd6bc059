import { AbuseServer } from './support/abuse-server';
import { crowdOf } from '../support/crowd';
import { RawSocket } from './support/raw-socket';
import { Witnesses } from './support/witnesses';

/** Set 10,000 to measure a restart of that size. The default is lower, but above the budget of one address. */
const SOCKETS = Number(process.env.ABUSE_SOCKETS ?? 800);
const AT_ONCE = 100;

describe('handshakes', () => {
  let server: AbuseServer;
  let witnesses: Witnesses;

  beforeAll(async () => {
    server = await AbuseServer.start();
    witnesses = await Witnesses.enter(server.url);
  });
  afterAll(async () => {
    witnesses.close();
    await server.close();
  });

  it('are limited for an address that sends bad tokens, and for no other address behind the same proxy', async () => {
    const attackers = Array.from({ length: 50 }, () => new RawSocket(server.url, 'nonsense', '203.0.113.66'));
    const flood = async (): Promise<string[]> =>
      (await Promise.all(attackers.map((attacker) => attacker.insist(40)))).flat();
    await witnesses.during('before', undefined);
    const codes = await witnesses.during('under', flood());
    await witnesses.during('after', undefined);
    witnesses.report('2,000 handshakes with bad tokens from one address');

    expect(codes).toContain('unauthenticated');
    expect(codes).toContain('rate-limited');
    const people = await crowdOf(10, server);
    for (const [index, { token }] of people.entries()) {
      const socket = new RawSocket(server.url, token, `198.51.100.${100 + index}`);
      expect(await socket.connect()).toEqual({ outcome: 'ready' });
      socket.close();
    }
    expect(witnesses.refused).toEqual([]);
  }, 180_000);

  it(`all succeed after a restart for ${SOCKETS} people at one address`, async () => {
    const storm = await AbuseServer.start();
    const people = await crowdOf(SOCKETS, storm);
    const sockets = people.map(({ token }) => new RawSocket(storm.url, token, '192.0.2.1'));
    for (let index = 0; index < sockets.length; index += AT_ONCE) {
      const outcomes = await Promise.all(
        sockets.slice(index, index + AT_ONCE).map((socket) => socket.connect()),
      );
      expect(outcomes.every(({ outcome }) => outcome === 'ready')).toBe(true);
    }
    await storm.killAndStartAgain();
    const started = performance.now();
    const attempts = await Promise.all(sockets.map((socket) => socket.connectPersistently()));
    const seconds = (performance.now() - started) / 1_000;
    process.stdout.write(
      `\n${SOCKETS} sockets of one address were back ${seconds.toFixed(1)} s after a restart, after at most ${Math.max(...attempts.map(({ length }) => length))} attempts\n`,
    );
    // Signed-in users do not use up the budget of an address for bad tokens.
    expect(attempts.flat().filter((one) => 'code' in one && one.code === 'rate-limited')).toEqual([]);
    expect(sockets.every(({ isOpen }) => isOpen)).toBe(true);
    for (const socket of sockets) socket.close();
    await storm.close();
  }, 300_000);
});
