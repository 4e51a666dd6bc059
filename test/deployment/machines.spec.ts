import { Server } from 'engine.io';
import { loadConfiguration } from '../../src/platform/configuration/load-configuration';
import { EXIT_CODES } from '../../src/platform/database/unusable-database';
import { MAX_BODY_BYTES } from '../../src/platform/http/json-body';
import { longestDrainMs } from '../../src/platform/lifecycle/longest-drain';
import { IMAGE_COMMAND, read, ROUTES, SECRET_VALUES, VARIABLES } from './deployed';

const production = loadConfiguration({ NODE_ENV: 'production', ...SECRET_VALUES });

describe('a drain', () => {
  it('takes less than half a minute with the values of production', () => {
    expect(longestDrainMs(production)).toBeLessThan(30_000);
  });
});

describe('the unit of systemd', () => {
  const unit = read('deploy/systemd/xfchat.service');
  const valueOf = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)![1]!;

  it('sets variables that the server knows, and starts it as the image does', () => {
    const names = [...unit.matchAll(/^Environment=(\w+)=/gm)].map(([, name]) => name!);
    expect(names).toContain('AUTH_SECRET_FILE');
    expect(names.filter((name) => !VARIABLES.has(name))).toEqual([]);
    expect(valueOf('ExecStart').split(' ').slice(1)).toEqual(IMAGE_COMMAND.slice(1));
  });

  it('waits longer than the longest drain', () => {
    expect(valueOf('KillSignal')).toBe('SIGTERM');
    expect(Number(valueOf('TimeoutStopSec')) * 1_000).toBeGreaterThan(longestDrainMs(production) + 5_000);
  });

  it('stops restarting only after exit codes of the server itself', () => {
    const codes: number[] = valueOf('RestartPreventExitStatus').split(' ').map(Number);
    const known: readonly number[] = Object.values(EXIT_CODES);
    expect(codes.filter((code) => !known.includes(code))).toEqual([]);
    for (const fault of ['never-appeared', 'read-only', 'too-few-connections'] as const)
      expect(codes).not.toContain(EXIT_CODES[fault]);
  });
});

describe('the proxies', () => {
  const nginx = read('deploy/proxies/nginx.conf');
  const haproxy = read('deploy/proxies/haproxy.cfg');
  const numberIn = (text: string, pattern: RegExp): number => Number(pattern.exec(text)![1]);
  const { pingInterval, pingTimeout } = new Server().opts;
  const silenceMs = pingInterval! + pingTimeout!;

  it('keep a silent connection for longer than server and client do', () => {
    const patience = [
      numberIn(nginx, /proxy_read_timeout (\d+)s;/),
      ...['tunnel', 'client', 'server'].map((name) =>
        numberIn(haproxy, new RegExp(`timeout ${name} (\\d+)s`)),
      ),
    ];
    expect(silenceMs).toBeGreaterThan(0);
    for (const seconds of patience) expect(seconds * 1_000).toBeGreaterThan(silenceMs);
  });

  it('accept requests exactly as large as the server does', () => {
    expect(numberIn(nginx, /client_max_body_size (\d+)k;/) * 1024).toBe(MAX_BODY_BYTES);
    expect(numberIn(haproxy, /req\.hdr_val\(content-length\) gt (\d+)/)).toBe(MAX_BODY_BYTES);
  });

  it('pass WebSockets, keep long polling on its server, and report the client’s address', () => {
    expect(nginx).toMatch(/proxy_set_header Upgrade \$http_upgrade;/);
    expect(nginx).toMatch(/^ {4}hash \$remote_addr consistent;$/m);
    expect(haproxy).toMatch(/^ {4}cookie \S+ insert/m);
    for (const text of [nginx, haproxy]) {
      expect(text).toMatch(/X-Forwarded-Proto/);
      expect(text).toContain('TRUST_PROXY=1');
      expect(text).toMatch(/\/metrics/);
    }
  });

  it('notice an unready server before it rejects connections', () => {
    const path = /http-check send meth GET uri (\S+)/.exec(haproxy)![1];
    expect(ROUTES).toContain(path);
    const [, seconds, failures] = /inter (\d+)s fall (\d+)/.exec(haproxy)!;
    expect((Number(seconds) + 1) * Number(failures) * 1_000).toBeLessThan(production.DRAIN_DELAY_MS);
  });
});
