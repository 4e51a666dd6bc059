import { mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signUpAll, type Person } from '../support/people';
import { ServerProcess } from '../support/server-process';
import { runCommand, type CommandResult } from '../support/xfchat-command';

const OPERATING = readFileSync(join(__dirname, '../../docs/operating.md'), 'utf8');

/** The commands under a heading of docs/operating.md, in order, as the words after `npx`. */
function commandsUnder(heading: string): string[][] {
  const section = OPERATING.split(/^## /m).find((text) => text.startsWith(`${heading}\n`))!;
  return [...section.matchAll(/```sh\n([\s\S]*?)```/g)]
    .flatMap((block) => block[1]!.split('\n'))
    .map((line) => line.trim())
    .filter(Boolean)
    .map((line) => line.split(' ').slice(1));
}

describe('the backup procedures of docs/operating.md, with the embedded database', () => {
  const directory = mkdtempSync(join(tmpdir(), 'xfchat-runbook-'));
  const environment = { DATA_DIR: directory, CONTACT_POLICY: 'open', CANARY_INTERVAL_MS: '0' };
  let server: ServerProcess | undefined;
  let ada: Person;
  let conversationId: string;

  afterAll(async () => {
    await server?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const run = ([program, ...words]: string[]): CommandResult => {
    expect(program).toBe('xfchat');
    return runCommand(environment, ...words);
  };
  const start = async (): Promise<ServerProcess> => {
    server = await ServerProcess.start({ environment });
    if (ada) Object.assign(ada, { url: server.url });
    return server;
  };
  const bodies = async (): Promise<string[]> => {
    const { body } = await ada.call('GET', `/conversations/${conversationId}/messages`);
    return body.items.map((message: { body: string }) => message.body);
  };

  it('work while the server runs', async () => {
    const { url } = await start();
    const [first, second] = (await signUpAll(url, 2)) as [Person, Person];
    ada = first;
    conversationId = await ada.group(second);
    await ada.send(conversationId, 'before');
    const commands = commandsUnder('Backups');
    expect(commands.map((words) => words.join(' '))).toEqual([
      'xfchat backup create',
      'xfchat drill',
      'xfchat backup list',
      'xfchat backup verify latest',
    ]);
    const [made, drill, list, verified] = commands.map(run);
    expect([made, drill, list, verified].map((result) => result!.status)).toEqual([0, 0, 0, 0]);
    const { id } = made!.answer;
    expect(drill!.answer).toMatchObject({ ok: true, id });
    expect(list!.answer.backups).toMatchObject([{ id, way: 'portable', verifiedAt: expect.any(String) }]);
    expect(verified!.answer).toMatchObject({ ok: true, id, findings: [] });
    await ada.send(conversationId, 'after');
  }, 180_000);

  it('restore the earlier data, step by step', async () => {
    const refused = runCommand(environment, 'backup', 'restore', 'latest', '--confirm', 'xfchat');
    expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining('Stop the servers') });
    expect(await bodies()).toEqual(['before', 'after']);

    server!.signal('SIGTERM');
    await server!.ended();
    const [, restored, check] = commandsUnder('Message data lost').map(run);
    expect(restored).toMatchObject({ status: 0, answer: { epoch: 2, replaced: expect.any(String) } });
    expect(check).toMatchObject({ status: 0, answer: { ok: true } });
    await start();
    expect(await bodies()).toEqual(['before']);
  }, 180_000);

  it('work also without stopping the server, which closes its sockets', async () => {
    const socket = await ada.connect();
    await ada.send(conversationId, 'after once more');
    const restored = runCommand(environment, 'backup', 'restore', 'latest', '--force', '--discard');
    expect(restored).toMatchObject({ status: 0, answer: { epoch: 3, disconnected: expect.any(Number) } });
    expect(await socket.disconnected()).toBe('transport close');
    expect(await bodies()).toEqual(['before']);
  }, 180_000);

  it('fail where they must', async () => {
    const [backup] = runCommand(environment, 'backup', 'list').answer.backups;
    truncateSync(backup.path, 100);
    const before = await bodies();
    for (const words of [['drill'], ['backup', 'restore', 'latest', '--force']]) {
      const result = runCommand(environment, ...words);
      expect(result).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('has 100 bytes instead of'),
      });
    }
    expect(await bodies()).toEqual(before);
    expect(runCommand(environment, 'backup', 'list').answer.backups).toEqual([
      { id: backup.id, path: backup.path, fault: expect.stringContaining('has 100 bytes instead of') },
    ]);
  }, 180_000);
});
