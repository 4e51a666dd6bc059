import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { buildProgram } from '../src/program';
import { withClient } from './support/databases';
import { startTestServer, type TestServer } from './support/test-server';
import { anchorsOf } from './support/monitoring';

const RUNBOOK = 'docs/runbook.md';
const page = readFileSync(join(__dirname, '..', RUNBOOK), 'utf8');
const blocks = (language: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, 'gm'))].map(([, text]) => text!);
const lines = [...new Set(blocks('sh').flatMap((block) => block.trim().split('\n')))];
const commands = lines.flatMap((line) => /^npx xfchat (.+)$/.exec(line)?.[1] ?? []);
const requests = lines.flatMap((line) => {
  const [, path, sought] = /^curl -s "\$XFCHAT_URL(\S+)"(?: \| grep '\^(\w+)')?$/.exec(line) ?? [];
  return path ? [{ path, sought }] : [];
});

describe('the runbook', () => {
  let server: TestServer;
  const environment = process.env;
  beforeAll(async () => {
    server = await startTestServer();
    const { DATABASE_URL, DATA_DIR } = server.configuration;
    process.env = { ...environment, DATABASE_URL, DATA_DIR, BACKUP_DIR: join(DATA_DIR, 'backups') };
  });
  afterAll(async () => {
    process.env = environment;
    await server.close();
  });
  afterEach(() => jest.restoreAllMocks());

  it('has only commands of these two kinds', () => {
    expect(lines).toHaveLength(commands.length + requests.length);
    expect(commands.length).toBeGreaterThan(3);
  });

  it.each(commands)('npx xfchat %s answers', async (words) => {
    const printed = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    const exit = jest.spyOn(process, 'exit').mockImplementation(() => undefined as never);
    await buildProgram().parseAsync(words.split(' '), { from: 'user' });
    expect(exit).not.toHaveBeenCalled();
    expect(printed).toHaveBeenCalled();
  });

  it.each(requests)('GET $path answers with $sought', async ({ path, sought }) => {
    const response = await fetch(server.url + path);
    expect(response.status).toBe(200);
    expect(await response.text()).toContain(sought ?? '');
  });

  it('has statements that the database accepts', async () => {
    const statements = blocks('sql');
    expect(statements.length).toBeGreaterThan(5);
    await withClient(server.database.url, async (client) => {
      for (const statement of statements) await client.query(statement);
    });
  });

  it('names existing commands', () => {
    const named = [...page.matchAll(/`npx xfchat ([^`]+)`/g)].map(([, words]) => words!.split(' '));
    expect(named.length).toBeGreaterThan(3);
    for (const words of named) {
      let command: Command | undefined = buildProgram();
      for (const word of words) command = command?.commands.find((each) => each.name() === word);
      expect({ words, exists: command !== undefined }).toEqual({ words, exists: true });
    }
  });

  it('links to existing headings', () => {
    const links = [...page.matchAll(/\]\(([\w.]*\.md)?#([\w-]+)\)/g)];
    expect(links.length).toBeGreaterThan(30);
    for (const [link, file, anchor] of links)
      expect({ link, anchors: anchorsOf(file ? `docs/${file}` : RUNBOOK) }).toEqual({
        link,
        anchors: expect.arrayContaining([anchor]),
      });
  });
});
