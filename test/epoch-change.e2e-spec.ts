import { SocketSupervisor } from '../src/delivery/sockets/socket-supervisor';
import { EventRelay } from '../src/platform/servers/event-relay';
import { withClient } from './support/databases';
import { signUp } from './support/people';
import { startTestServer, type TestServer } from './support/test-server';
import { until } from './support/until';

/** As after a restore or a promotion: every connection breaks, and the database then has another epoch. */
const CHANGE = `
  update database_state set epoch = epoch + 1;
  select pg_terminate_backend(pid) from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid()`;

describe('a database with another epoch', () => {
  let server: TestServer;

  beforeAll(async () => (server = await startTestServer()));
  afterAll(() => server.close());

  /** The epoch that each part of the server has read last. */
  function knownEpochs(): (number | undefined)[] {
    const supervisor = server.application.get(SocketSupervisor) as unknown as { epoch?: number };
    const { reader } = server.application.get(EventRelay) as unknown as { reader: { epoch?: number } };
    return [supervisor.epoch, reader.epoch];
  }

  it('makes the clients of a server restart once, although two parts of the server notice it', async () => {
    const ada = await signUp(server.url);
    const socket = await ada.connect({ reconnection: true, reconnectionDelay: 5 });
    socket.socket.on('connect_error', () => setTimeout(() => socket.socket.connect(), 5));
    for (let epoch = 2; epoch < 6; epoch++) {
      await withClient(server.database.url, (client) => client.query(CHANGE));
      await socket.next('ready', (ready) => ready.epoch === epoch);
      await until('both parts to know it', () => knownEpochs().every((known) => known === epoch));
      await until('the socket', () => socket.socket.connected);
      await socket.ok('conversation:sync', { epoch, cursors: [] });
      expect(socket.payloads('ready').filter((ready) => ready.epoch === epoch)).toHaveLength(1);
    }
    socket.close();
  });
});
