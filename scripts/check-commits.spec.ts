import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const SCRIPT = join(__dirname, 'check-commits.mjs');
const LONG = `fix: ${'a'.repeat(66)}`;

describe('check:commits', () => {
  let folder: string;
  let upstream: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'xfchat-commits-'));
    upstream = join(folder, 'upstream');
    git(folder, 'init', '--quiet', '--initial-branch=main', upstream);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function git(cwd: string, ...words: string[]): void {
    const identity = ['-c', 'user.name=tester', '-c', 'user.email=tester@example.org'];
    const { status, stderr } = spawnSync('git', [...identity, ...words], { cwd, encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
  }
  const commit = (cwd: string, ...subjects: string[]): void =>
    subjects.forEach((subject) => git(cwd, 'commit', '--quiet', '--allow-empty', '-m', subject));
  function clone(...options: string[]): string {
    const target = join(folder, 'clone');
    git(folder, 'clone', '--quiet', ...options, pathToFileURL(upstream).href, target);
    return target;
  }
  function check(cwd: string): { status: number | null; output: string } {
    const environment = { ...process.env, GIT_CEILING_DIRECTORIES: folder };
    const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT], {
      cwd,
      encoding: 'utf8',
      env: environment,
    });
    return { status, output: stdout + stderr };
  }

  it('accepts Conventional Commits of 70 characters, with and without a scope', () => {
    commit(upstream, LONG.slice(0, 70), 'feat(web)!: show more', 'refactor: move files');
    expect(check(upstream)).toEqual({ status: 0, output: '' });
  });

  it.each([
    [LONG, 'has 71 characters; at most 70 are allowed'],
    ['Show more', 'is not of the form "type(scope): subject"'],
    ['feature: show more', 'is not of the form "type(scope): subject"'],
    ['fix:show more', 'is not of the form "type(scope): subject"'],
  ])('rejects %j', (subject, fault) => {
    commit(upstream, 'fix: begin', subject, 'fix: end');
    expect(check(upstream)).toMatchObject({
      status: 1,
      output: expect.stringMatching(/^\w+ .*\n$/),
    });
    expect(check(upstream).output).toContain(`"${subject}" ${fault}`);
  });

  it('checks only commits that the upstream branch lacks', () => {
    commit(upstream, 'An old subject');
    const cloned = clone();
    commit(cloned, 'fix: a new subject');
    expect(check(cloned)).toEqual({ status: 0, output: '' });
    commit(cloned, 'A new subject');
    expect(check(cloned).output).toContain('"A new subject"');
  });

  it('checks the newest commits in a fresh clone without own commits', () => {
    commit(upstream, 'fix: begin', 'A bad subject');
    expect(check(clone())).toMatchObject({ status: 1, output: expect.stringContaining('"A bad subject"') });
  });

  it('checks the commits of a shallow clone', () => {
    commit(upstream, 'A bad subject', 'fix: end');
    expect(check(clone('--depth', '1'))).toEqual({ status: 0, output: '' });
  });

  it('says that nothing was checked without a git history', () => {
    rmSync(join(upstream, '.git'), { recursive: true });
    expect(check(upstream)).toMatchObject({ status: 0, output: expect.stringContaining('no git history') });
  });
});
