import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigurationError, loadConfiguration, maskedConfiguration } from './load-configuration';

const SECRET = 'n3ver-9uess-this-0ne-because-it-is-random';
const PRODUCTION = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://xfchat:pw@db/xfchat',
  AUTH_SECRET: SECRET,
};

function faultsOf(environment: Record<string, string>): readonly string[] {
  try {
    loadConfiguration(environment);
    return [];
  } catch (error) {
    return (error as ConfigurationError).faults;
  }
}

describe('the configuration', () => {
  it('needs nothing outside production, and has the defaults of the contract', () => {
    expect(loadConfiguration({})).toMatchObject({
      PORT: 3000,
      listenAddress: '127.0.0.1',
      DATABASE_POOL_MAX: 25,
      DATABASE_ACQUIRE_TIMEOUT_MS: 5_000,
      DATABASE_QUEUE_MAX: 1_000,
      INSTANCES: 1,
      CANARY_INTERVAL_MS: 10_000,
      DATABASE_IDLE_TIMEOUT_MS: 600_000,
      DATABASE_MAX_LIFETIME_MS: 1_800_000,
      DATABASE_STATEMENT_TIMEOUT_MS: 30_000,
      REQUEST_TIMEOUT_MS: 10_000,
      MIGRATE_ON_START: true,
      DATA_DIR: '.xfchat',
      RATE_LIMITS: 'on',
      DRAIN_DELAY_MS: 0,
      BACKUP_RETENTION_DAYS: 30,
      backupFolder: '.xfchat/backups',
    });
  });

  it.each([
    'true',
    'yes',
    '10.0.0.300',
    '17',
    '0.0.0.0/0',
    '::/0',
    '0.0.0.0/1, 128.0.0.0/1',
    '2000::/3',
    ',',
  ])('refuses TRUST_PROXY=%s by name', (TRUST_PROXY) => {
    expect(faultsOf({ TRUST_PROXY })).toEqual([expect.stringMatching(/^TRUST_PROXY must /)]);
  });

  it.each(['0', '1', 'false', 'loopback', '10.0.0.1', '10.0.0.0/8, fc00::/7', 'loopback, uniquelocal'])(
    'takes TRUST_PROXY=%s',
    (TRUST_PROXY) => {
      expect(faultsOf({ TRUST_PROXY })).toEqual([]);
    },
  );

  it('listens on loopback only outside production, unless HOST says otherwise', () => {
    expect(loadConfiguration({ NODE_ENV: 'test' }).listenAddress).toBe('127.0.0.1');
    expect(loadConfiguration({ HOST: '0.0.0.0' }).listenAddress).toBe('0.0.0.0');
    expect(loadConfiguration(PRODUCTION).listenAddress).toBeUndefined();
  });

  it('neither migrates at the start nor drains without a delay in production, unless settings say so', () => {
    expect(loadConfiguration(PRODUCTION)).toMatchObject({ MIGRATE_ON_START: false, DRAIN_DELAY_MS: 5_000 });
    expect(loadConfiguration({ ...PRODUCTION, MIGRATE_ON_START: 'true', DRAIN_DELAY_MS: '1' })).toMatchObject(
      {
        MIGRATE_ON_START: true,
        DRAIN_DELAY_MS: 1,
      },
    );
  });

  it('takes an empty variable for an unset one, and lists apart', () => {
    const { PORT, CORS_ORIGINS } = loadConfiguration({
      PORT: '',
      CORS_ORIGINS: 'https://a.example, http://b.example:8080',
    });
    expect({ PORT, CORS_ORIGINS }).toEqual({
      PORT: 3000,
      CORS_ORIGINS: ['https://a.example', 'http://b.example:8080'],
    });
  });

  it('tells all faults at once, by name', () => {
    const faults = faultsOf({
      NODE_ENV: 'production',
      PORT: '70000',
      DATABASE_POOL_MAX: 'many',
      CORS_ORIGINS: '*',
      RATE_LIMITS: 'maybe',
      CONTACT_POLICY: 'nobody',
      OTEL_TRACES_SAMPLER: 'sometimes',
      OTEL_TRACES_SAMPLER_ARG: 'often',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'collector',
    }).join('\n');
    for (const name of [
      'PORT',
      'DATABASE_POOL_MAX',
      'CORS_ORIGINS',
      'RATE_LIMITS',
      'CONTACT_POLICY',
      'DATABASE_URL',
      'AUTH_SECRET',
      'OTEL_TRACES_SAMPLER ',
      'OTEL_TRACES_SAMPLER_ARG',
      'OTEL_EXPORTER_OTLP_ENDPOINT',
    ]) {
      expect(faults).toContain(name);
    }
  });

  it.each([
    [{ AUTH_SECRET: 'short' }, 'AUTH_SECRET is too short'],
    [{ AUTH_SECRET: 'abababababababababababababababababababab' }, 'AUTH_SECRET is too weak'],
    [{ AUTH_SECRET_FILE: '/no/such/file' }, 'AUTH_SECRET_FILE cannot be read'],
    [
      { AUTH_SECRET: SECRET, AUTH_SECRET_FILE: '/etc/hostname' },
      'AUTH_SECRET_FILE and AUTH_SECRET are both set',
    ],
    [{ DATABASE_URL: 'mysql://x' }, 'DATABASE_URL must be a postgres:// URL'],
    [{ REQUEST_TIMEOUT_MS: '5' }, 'REQUEST_TIMEOUT_MS'],
    [{ INSTANCES: '0' }, 'INSTANCES'],
    [{ DATABASE_QUEUE_MAX: '0' }, 'DATABASE_QUEUE_MAX'],
    [{ BACKUP_RETENTION_DAYS: '0' }, 'BACKUP_RETENTION_DAYS'],
    [{ CANARY_INTERVAL_MS: 'often' }, 'CANARY_INTERVAL_MS'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' }, 'OTEL_EXPORTER_OTLP_ENDPOINT must be an http://'],
    [
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://' },
      'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT must be an http://',
    ],
    [{ OTEL_TRACES_SAMPLER: 'tracidratio' }, 'OTEL_TRACES_SAMPLER must be one of'],
    [{ OTEL_TRACES_SAMPLER: 'Always_On' }, 'OTEL_TRACES_SAMPLER must be one of'],
    [{ OTEL_TRACES_SAMPLER_ARG: '1%' }, 'OTEL_TRACES_SAMPLER_ARG must be a number'],
    [{ OTEL_TRACES_SAMPLER_ARG: ' ' }, 'OTEL_TRACES_SAMPLER_ARG must be a number'],
    [{ OTEL_TRACES_SAMPLER_ARG: '1.01' }, 'OTEL_TRACES_SAMPLER_ARG must not be greater than 1'],
    [{ OTEL_TRACES_SAMPLER_ARG: '-0.1' }, 'OTEL_TRACES_SAMPLER_ARG must not be less than 0'],
  ])('refuses %j', (environment, fault) => {
    expect(faultsOf(environment as Record<string, string>).join('\n')).toContain(fault);
  });

  it('reads the secret from a file', () => {
    const directory = mkdtempSync(join(tmpdir(), 'xfchat-secret-'));
    writeFileSync(join(directory, 'secret'), `${SECRET}\n`);
    expect(loadConfiguration({ AUTH_SECRET_FILE: join(directory, 'secret') }).AUTH_SECRET).toBe(SECRET);
    rmSync(directory, { recursive: true });
  });

  it.each([
    [{}, undefined],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otel_collector:4318' }, 'http://otel_collector:4318/v1/traces'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://x.example/otlp/' }, 'https://x.example/otlp/v1/traces'],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://b/traces' },
      'http://b/traces',
    ],
  ])('sends traces with %j to %s', (environment, url) => {
    expect(loadConfiguration(environment).tracesUrl).toBe(url);
  });

  it.each([
    ['parentbased_traceidratio', '0.01', 0.01],
    ['traceidratio', '1e-3', 0.001],
    ['always_off', '0', 0],
    ['parentbased_always_on', '', undefined],
  ])('takes the sampler %s with %j', (sampler, text, share) => {
    const taken = loadConfiguration({ OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: text });
    expect(taken).toMatchObject({ OTEL_TRACES_SAMPLER: sampler });
    expect(taken.OTEL_TRACES_SAMPLER_ARG).toBe(share);
  });

  it('shows no secret', () => {
    const shown = JSON.stringify(
      maskedConfiguration(
        loadConfiguration({
          ...PRODUCTION,
          METRICS_TOKEN: 'a metrics token',
          OTEL_EXPORTER_OTLP_ENDPOINT: 'https://u:collector-pw@collector/',
          DIRECT_DATABASE_URL: 'postgres://u:other-pw@db/x?password=third-pw',
        }),
      ),
    );
    for (const secret of [SECRET, ':pw@', 'other-pw', 'third-pw', 'a metrics token', 'collector-pw'])
      expect(shown).not.toContain(secret);
    expect(shown).toContain('postgres://xfchat:***@db/xfchat');
  });
});
