import fc from 'fast-check';
import { judgeExchange } from '../support/contract/http-contract';
import { judgeCommand } from '../support/contract/socket-contract';
import { call } from '../support/api';
import { SEED } from '../support/random';
import { startTestServer, type TestServer } from '../support/test-server';
import type { TestSocket } from '../support/test-socket';
import { commandPlaces } from './command-places';
import { routePlaces } from './route-places';
import { digestOf, makeWorld, type World } from './world';

/**
 * Wrong input, made from the documents: `runs` for each place of each route and for each command. All of it is rejected
 * with a fitting documented problem, and changes no row.
 */
export function describeWrongInput(runs: number): void {
  describe(`wrong input, ${runs} of each kind (SEED=${SEED})`, () => {
    let server: TestServer;
    let world: World;
    let socket: TestSocket;
    let before: string;

    beforeAll(async () => {
      server = await startTestServer();
      world = await makeWorld(server);
      socket = await world.caller.connect();
      before = await digestOf(server.dataSource);
    });
    afterEach(async () => {
      expect(await digestOf(server.dataSource)).toBe(before);
    });
    afterAll(async () => {
      socket.close();
      await server.close();
    });

    // Tests G16.
    it.each(routePlaces)('$name', async ({ method, requests, codes }) => {
      const refused = fc.asyncProperty(requests(world), async ({ path, ...options }) => {
        const answer = await call(server.url, method, path, options);
        const { faults } = judgeExchange({ method, path, input: options.body, ...answer });
        expect(faults).toEqual([]);
        expect(codes).toContain(answer.body.code);
        expect(answer.status).toBeLessThan(500);
      });
      await fc.assert(refused, { seed: SEED, numRuns: runs });
    });

    // Tests G16.
    it.each(commandPlaces)('$command', async ({ command, payloads }) => {
      const refused = fc.asyncProperty(payloads, async (payload) => {
        const answer = await socket.command(command, payload);
        expect(judgeCommand(command, payload, answer).faults).toEqual([]);
        if (answer.ok) throw new Error('taken');
        expect(['validation-failed', 'malformed-request', 'message-too-long']).toContain(answer.problem.code);
      });
      await fc.assert(refused, { seed: SEED, numRuns: runs });
    });

    it('commands that there are not', async () => {
      const names = fc
        .string({ minLength: 1 })
        .map((name) => `x${name}`)
        .filter((name) => !commandPlaces.some(({ command }) => command === name));
      const refused = fc.asyncProperty(names, fc.jsonValue(), async (name, payload) => {
        expect(await socket.command(name, payload)).toMatchObject({
          ok: false,
          problem: { code: 'malformed-request' },
        });
      });
      await fc.assert(refused, { seed: SEED, numRuns: runs });
    });
  });
}
