import { type ChildProcess, spawn } from 'node:child_process';
import { pollUntil } from './polling';
import { type Runner, serverEnvironment } from './runner';

// Reads process ids until the pipe breaks. The kernel breaks it when Node dies in any way. Then this asks the server
// named last for a fast shutdown, unless that process id belongs to another program by now.
const script = `
trap '' INT TERM HUP
pid=0
while read -r word; do
  [ "$word" = release ] && exit 0
  pid=$word
done
[ "$pid" -gt 1 ] || exit 0
if [ -e "/proc/$pid/cwd" ] && ! [ "/proc/$pid/cwd" -ef "$1" ]; then exit 0; fi
kill -INT "$pid"
`;

/** A small process that stops PostgreSQL when this process dies. It restarts if it is killed itself. */
export class Guard {
  private shell: ChildProcess | undefined;
  private watched = 0;
  private released = false;

  constructor(
    private readonly dataFolder: string,
    private readonly runner: Runner,
  ) {
    this.begin();
  }

  get pid(): number {
    return this.shell?.pid ?? 0;
  }

  /** @param pid the postmaster to stop; 0 for none */
  watch(pid: number): void {
    this.watched = pid;
    this.shell?.stdin?.write(`${pid}\n`);
  }

  /** Ends the guard without stopping the server that it watches. Resolves when the guard has ended, within 2 s. */
  async release(): Promise<void> {
    this.released = true;
    const shell = this.shell;
    if (!shell) return;
    shell.ref();
    shell.stdin?.end('release\n');
    if (!(await pollUntil(() => this.shell === undefined, 1000))) shell.kill('SIGKILL');
    await pollUntil(() => this.shell === undefined, 1000);
  }

  private begin(): void {
    const shell = spawn('sh', ['-c', script, 'xfchat-postgres-guard', this.dataFolder], {
      ...this.runner.account, // whoever may read and signal the processes of the server
      cwd: '/',
      detached: true,
      env: serverEnvironment,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.shell = shell;
    shell.unref();
    (shell.stdin as unknown as { unref?: () => void }).unref?.();
    shell.stdin.on('error', () => undefined);
    const replace = () => {
      if (this.shell !== shell) return;
      this.shell = undefined;
      if (!this.released) setTimeout(() => this.released || this.begin(), 1000).unref();
    };
    shell.on('error', replace);
    shell.on('exit', replace);
    this.watch(this.watched);
  }
}
