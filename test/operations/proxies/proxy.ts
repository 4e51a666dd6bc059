import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../support/free-port';
import { until } from '../../support/until';

const EXAMPLES = join(__dirname, '../../../deploy/proxies');

interface Kind {
  readonly example: string;
  /** The ports of the example. */
  readonly listens: string;
  /** The size settings for thousands of clients, which may be too large for this machine. */
  readonly tooMuch?: readonly [string, string];
  /** Writes the files that the program needs. @returns its arguments */
  command(configuration: string, folder: string): string[];
}

/** The addresses of the servers in both examples. */
const SERVERS = ['10.0.0.11:3000', '10.0.0.12:3000'] as const;

export const KINDS = {
  nginx: {
    example: 'nginx.conf',
    listens: 'listen 443 ssl;',
    command: (configuration, folder) => {
      const main = join(folder, 'main.conf');
      const http = `http { access_log off; include ${configuration}; }`;
      writeFileSync(main, `daemon off;\npid ${folder}/nginx.pid;\nevents {}\n${http}\n`);
      return ['-e', 'stderr', '-c', main];
    },
  },
  haproxy: {
    example: 'haproxy.cfg',
    listens: 'bind :443 ssl',
    tooMuch: ['maxconn 20000', 'maxconn 2000'],
    command: (configuration) => ['-db', '-f', configuration],
  },
} satisfies Record<string, Kind>;

export type ProxyKind = keyof typeof KINDS;

/** The missing programs. */
export function lackingFor(kind: ProxyKind): string[] {
  return [
    [kind, '-v'],
    ['openssl', 'version'],
  ].flatMap(([program, word]) => (spawnSync(program!, [word!]).error ? program! : []));
}

/** Runs an example of `deploy/proxies` as a process. Only addresses, paths and sizes are changed. */
export class Proxy {
  private output = '';

  private constructor(
    readonly port: number,
    /** The certificate of the authority that signed its own. */
    readonly certificate: string,
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {
    for (const stream of [child.stdout!, child.stderr!])
      stream.on('data', (data: Buffer) => (this.output += data.toString()));
  }

  /** @param urls of the two servers behind it */
  static async start(kind: ProxyKind, urls: readonly string[]): Promise<Proxy> {
    const { example, listens, tooMuch, command }: Kind = KINDS[kind];
    const folder = mkdtempSync(join(tmpdir(), `xfchat-${kind}-`));
    const port = await freePort();
    const certificate = makeCertificate(folder);
    const changes: (readonly [string, string])[] = [
      ['/etc/ssl/xfchat', folder],
      [listens, listens.replace(/:?443/, `127.0.0.1:${port}`)],
      ...(tooMuch ? [tooMuch] : []),
      ...SERVERS.map((server, index): readonly [string, string] => [server, new URL(urls[index]!).host]),
    ];
    let text = readFileSync(join(EXAMPLES, example), 'utf8');
    for (const [from, to] of changes) {
      if (!text.includes(from)) throw new Error(`${example} does not say ${from}`);
      text = text.replaceAll(from, to);
    }
    const configuration = join(folder, example);
    writeFileSync(configuration, text);
    const child = spawn(kind, command(configuration, folder), { stdio: ['ignore', 'pipe', 'pipe'] });
    const proxy = new Proxy(port, certificate, child, folder);
    try {
      await until(`${kind} to listen`, () => proxy.listens());
    } catch (error) {
      await proxy.close();
      throw error;
    }
    return proxy;
  }

  async close(): Promise<void> {
    const ended = once(this.child, 'exit');
    // An ended process needs no wait.
    if (this.child.kill('SIGTERM')) await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async listens(): Promise<boolean> {
    if (this.child.exitCode !== null) throw new Error(`it has ended: ${this.output}`);
    const socket = connect(this.port, '127.0.0.1');
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    return isOpen;
  }
}

/** The paths at which the examples expect the operator's certificates. */
function makeCertificate(folder: string): string {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  execFileSync(
    'openssl',
    [
      ...[
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '1',
      ],
      ...['-subj', '/CN=chat.example.org', '-addext', 'subjectAltName=DNS:chat.example.org'],
      ...['-keyout', key, '-out', certificate],
    ],
    { stdio: 'ignore' },
  );
  const text = readFileSync(certificate, 'utf8');
  writeFileSync(join(folder, 'combined.pem'), text + readFileSync(key, 'utf8'));
  return text;
}
