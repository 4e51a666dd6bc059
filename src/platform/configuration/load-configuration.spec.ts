import { getMetadataStorage } from 'class-validator';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { availableCores } from '../workers/available-cores';
import { Configuration } from './configuration';
import {
  ConfigurationError,
  loadConfiguration,
  maskedConfiguration,
  secretsFromFiles,
} from './load-configuration';
import { SETTINGS } from './setting-names';
import { unknownVariables } from './unknown-variables';

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
      WORKERS: 1,
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
      HOUSEKEEPING_DAYS: 90,
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
  ])('rejects TRUST_PROXY=%s by name', (TRUST_PROXY) => {
    expect(faultsOf({ TRUST_PROXY })).toEqual([expect.stringMatching(/^TRUST_PROXY must /)]);
  });

  it.each(['0', '1', 'false', 'loopback', '10.0.0.1', '10.0.0.0/8, fc00::/7', 'loopback, uniquelocal'])(
    'accepts TRUST_PROXY=%s',
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

  it('treats an empty variable as unset, and splits lists', () => {
    const { PORT, CORS_ORIGINS } = loadConfiguration({
      PORT: '',
      CORS_ORIGINS: 'https://a.example, http://b.example:8080',
    });
    expect({ PORT, CORS_ORIGINS }).toEqual({
      PORT: 3000,
      CORS_ORIGINS: ['https://a.example', 'http://b.example:8080'],
    });
  });

  it('reports all faults at once, by name', () => {
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
    [{ WORKERS: '0' }, 'WORKERS'],
    [{ WORKERS: 'all' }, 'WORKERS'],
    [{ WORKERS: '13' }, 'DATABASE_POOL_MAX'],
    [{ DATABASE_QUEUE_MAX: '0' }, 'DATABASE_QUEUE_MAX'],
    [{ BACKUP_RETENTION_DAYS: '0' }, 'BACKUP_RETENTION_DAYS'],
    [{ HOUSEKEEPING_DAYS: '30' }, 'HOUSEKEEPING_DAYS'],
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
  ])('rejects %j', (environment, fault) => {
    expect(faultsOf(environment as Record<string, string>).join('\n')).toContain(fault);
  });

  it('reads the secret from a file', () => {
    const directory = mkdtempSync(join(tmpdir(), 'xfchat-secret-'));
    writeFileSync(join(directory, 'secret'), `${SECRET}\n`);
    expect(loadConfiguration({ AUTH_SECRET_FILE: join(directory, 'secret') }).AUTH_SECRET).toBe(SECRET);
    rmSync(directory, { recursive: true });
  });

  it.each<[string, string]>([
    ['AUTH_SECRET', SECRET],
    ['AUTH_SECRET_SECONDARY', `${SECRET}-next`],
    ['METRICS_TOKEN', 'a-token-for-prometheus'],
    ['DATABASE_URL', 'postgres://u:p@db/x'],
    ['DIRECT_DATABASE_URL', 'postgres://u:p@direct/x'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'https://u:p@collector'],
    ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'https://u:p@collector/v1/traces'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'authorization=Bearer%20x'],
  ])('reads %s from a file, which may not be absent, empty, or set beside it', (name, value) => {
    const directory = mkdtempSync(join(tmpdir(), 'xfchat-secret-'));
    const file = join(directory, 'secret');
    writeFileSync(file, `${value}\n`);
    expect(loadConfiguration({ [`${name}_FILE`]: file })).toMatchObject({ [name]: value });
    const shown = JSON.stringify(maskedConfiguration(loadConfiguration({ [`${name}_FILE`]: file })));
    expect(shown).not.toContain(value);
    expect(faultsOf({ [name]: value, [`${name}_FILE`]: file })).toContain(
      `${name}_FILE and ${name} are both set: set one of them`,
    );
    writeFileSync(file, '\n');
    expect(faultsOf({ [`${name}_FILE`]: file })).toContain(`${name}_FILE names an empty file`);
    rmSync(directory, { recursive: true });
    expect(faultsOf({ [`${name}_FILE`]: file })).toContain(`${name}_FILE cannot be read (ENOENT)`);
  });

  it('gives other processes the contents that files had at the start', () => {
    const directory = mkdtempSync(join(tmpdir(), 'xfchat-secret-'));
    const file = join(directory, 'secret');
    writeFileSync(file, SECRET);
    const configuration = loadConfiguration({
      AUTH_SECRET_FILE: file,
      METRICS_TOKEN: 'a-token-for-prometheus',
    });
    rmSync(directory, { recursive: true });
    const given = secretsFromFiles(configuration);
    expect(given).toEqual({ AUTH_SECRET: SECRET, AUTH_SECRET_FILE: '' });
    expect(loadConfiguration({ AUTH_SECRET_FILE: file, ...given }).AUTH_SECRET).toBe(SECRET);
  });

  it('validates values that it has read from a file', () => {
    const directory = mkdtempSync(join(tmpdir(), 'xfchat-secret-'));
    writeFileSync(join(directory, 'url'), 'mysql://x');
    const faults = faultsOf({ DATABASE_URL_FILE: join(directory, 'url') });
    expect(faults).toEqual(['DATABASE_URL must be a postgres:// URL']);
    rmSync(directory, { recursive: true });
  });

  it.each<[Record<string, string>, string]>([
    [{ AUTH_SECRET: 'change-me-change-me-0123456789-abcdefgh' }, 'AUTH_SECRET is a placeholder'],
    [{ AUTH_SECRET: '<openssl rand -base64 48 0123456789>' }, 'AUTH_SECRET is a placeholder'],
    [{ METRICS_TOKEN: 'x' }, 'METRICS_TOKEN is too short: it needs at least 8 random characters'],
    [{ METRICS_TOKEN: 'changeme' }, 'METRICS_TOKEN is a placeholder'],
    [{ METRICS_TOKEN: 'aaaaaaaaaaaa' }, 'METRICS_TOKEN is too weak'],
    [{ DATABASE_URL: 'postgres://xfchat:change-me@db/x' }, 'DATABASE_URL has a placeholder for a password'],
    [{ DATABASE_URL: 'postgres://xfchat:…@db/x' }, 'DATABASE_URL has a placeholder for a password'],
  ])('rejects %j in production only', (environment, fault) => {
    expect(faultsOf({ ...PRODUCTION, ...environment }).join('\n')).toContain(fault);
    expect(faultsOf(environment)).toEqual([]);
  });

  it('suggests a known variable for an unknown one', () => {
    const environment = {
      DATABSE_URL: 'x',
      REGISTRATON: 'closed',
      AUTH_SECRET_FLIE: '/x',
      RATE_LIMIT: 'off',
      XFCHAT_PORT: '80',
      XFCHAT_METRICS: 'x',
    };
    expect(unknownVariables(environment)).toEqual([
      'DATABSE_URL is no setting: DATABASE_URL may have been meant',
      'REGISTRATON is no setting: REGISTRATION may have been meant',
      'AUTH_SECRET_FLIE is no setting: AUTH_SECRET_FILE may have been meant',
      'RATE_LIMIT is no setting: RATE_LIMITS may have been meant',
      'XFCHAT_PORT is no setting: no setting begins with XFCHAT_; PORT may have been meant',
      'XFCHAT_METRICS is no setting: no setting begins with XFCHAT_',
    ]);
  });

  it('names a misspelt variable beside the faults that it may explain', () => {
    const environment = { NODE_ENV: 'production', AUTH_SECRET: SECRET, DATBASE_URL: 'postgres://db/x' };
    expect(() => loadConfiguration(environment)).toThrow(
      [
        'The configuration has 1 fault:',
        '  - DATABASE_URL (or DATABASE_URL_FILE) is required in production',
        '  - DATBASE_URL is no setting: DATABASE_URL may have been meant',
      ].join('\n'),
    );
  });

  it.each([
    [{ WORKERS: 'zero' }, 'WORKERS must be a number or auto'],
    [{ WORKERS: '0' }, 'WORKERS must not be less than 1'],
    [{ PORT: 'http' }, 'PORT must be an integer number'],
    [{ PORT: '65536' }, 'PORT must not be greater than 65535'],
  ])('reports one fault for %j', (environment, fault) => expect(faultsOf(environment)).toEqual([fault]));

  it('ignores variables of other programs', () => {
    const others = [
      'PATH',
      'HOSTNAME',
      'PGSSLMODE',
      'NODE_OPTIONS',
      'npm_package_version',
      'OTEL_SERVICE_NAME',
      'LOGNAME',
    ];
    const ofKubernetes = [
      'XFCHAT_SERVICE_HOST',
      'XFCHAT_SERVICE_PORT',
      'XFCHAT_PORT_80_TCP',
      'XFCHAT_PORT_80_TCP_ADDR',
    ];
    const environment = Object.fromEntries([...others, ...ofKubernetes].map((name) => [name, 'x']));
    expect(unknownVariables({ ...environment, XFCHAT_PORT: 'tcp://10.0.0.1:80', DATABSE_URL: '' })).toEqual(
      [],
    );
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
  ])('accepts the sampler %s with %j', (sampler, text, share) => {
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

describe('the settings', () => {
  it('that have a rule are all read from the environment', () => {
    const rules = getMetadataStorage().getTargetValidationMetadatas(Configuration, '', true, false);
    const names = [...new Set(rules.map(({ propertyName }) => propertyName))];
    expect(names).toContain('ATTACHMENTS_DIR');
    expect(names.filter((name) => !SETTINGS.includes(name))).toEqual([]);
    expect(loadConfiguration({ ATTACHMENTS_DIR: '/files' }).attachmentsFolder).toBe('/files');
  });
});

describe('workers', () => {
  it('share the whole pool', () => {
    const configuration = loadConfiguration({ WORKERS: '4', DATABASE_POOL_MAX: '26' });
    expect([1, 2, 3, 4].map((worker) => configuration.poolShareOf(worker))).toEqual([7, 7, 6, 6]);
  });

  it('are as many as the cores, but no more than can have five connections each', () => {
    expect(loadConfiguration({ WORKERS: 'auto' }).workerCount).toBe(Math.min(availableCores(), 5));
    expect(loadConfiguration({ WORKERS: 'auto', DATABASE_POOL_MAX: '4' }).workerCount).toBe(1);
    expect(loadConfiguration({}).workerCount).toBe(1);
  });
});
