import { SECRETS, SECRET_URLS } from '../../src/platform/configuration/secret-settings';
import { loadConfiguration } from '../../src/platform/configuration/load-configuration';
import { longestDrainMs } from '../../src/platform/lifecycle/longest-drain';
import { IMAGE_COMMAND, read, readYaml, ROUTES, SECRET_VALUES, VARIABLES } from './deployed';

/* eslint-disable @typescript-eslint/no-explicit-any -- manifests have every shape */

const inBase = (file: string): any => readYaml(`deploy/kubernetes/base/${file}`);
const deployment = inBase('deployment.yaml');
const service = inBase('service.yaml');
const autoscaler = inBase('autoscaler.yaml');
const job = readYaml('deploy/kubernetes/migration/job.yaml');
const serviceMonitor = readYaml('deploy/kubernetes/overlays/monitoring/service-monitor.yaml');
const serverPod = deployment.spec.template;
const migrationPod = job.spec.template;
const server = serverPod.spec.containers[0];
const migration = migrationPod.spec.containers[0];

const literals: [string, string][] = inBase('kustomization.yaml').configMapGenerator[0].literals.map(
  (literal: string) => literal.split('='),
);
const settings = Object.fromEntries(literals);
/** Variables that Node itself reads. */
const OF_NODE = ['NODE_OPTIONS'];

/** The environment of a container's process. */
const environmentOf = (container: any): Record<string, string> => ({
  ...(container.envFrom && settings),
  ...Object.fromEntries(
    container.env.map(({ name, value, valueFrom }: any) => [
      name,
      value ?? SECRET_VALUES[valueFrom.secretKeyRef.key],
    ]),
  ),
});

const selects = (labels: Record<string, string>, pod: any): boolean =>
  Object.entries(labels).every(([name, value]) => pod.metadata.labels[name] === value);

describe('the configuration in the manifests', () => {
  it.each([
    ['the server', server],
    ['the migration', migration],
  ])('has only settings of %s that the program accepts', (_name, container) => {
    const environment = environmentOf(container);
    const unknown = Object.keys(environment).filter(
      (name) => !VARIABLES.has(name) && !OF_NODE.includes(name),
    );
    expect(unknown).toEqual([]);
    expect(loadConfiguration(environment)).toMatchObject({ NODE_ENV: 'production', MIGRATE_ON_START: false });
  });

  it('references secrets and does not contain them', () => {
    const secret: readonly string[] = [...SECRETS, ...SECRET_URLS];
    for (const { name, value } of [...server.env, ...migration.env])
      expect({ name, isReferred: value === undefined }).toEqual({ name, isReferred: secret.includes(name) });
    expect(Object.keys(settings).filter((name) => secret.includes(name))).toEqual([]);
  });

  it('matches the number of servers, their connections and their memory', () => {
    const { INSTANCES, DATABASE_POOL_MAX } = loadConfiguration(environmentOf(server));
    const { maxSurge, maxUnavailable } = deployment.spec.strategy.rollingUpdate;
    expect(maxUnavailable).toBe(0);
    expect(deployment.spec.replicas).toBeUndefined();
    expect(INSTANCES).toBe(autoscaler.spec.maxReplicas + maxSurge);
    // PostgreSQL allows 100, of which it reserves some for superusers. Each server has one more for its monitor.
    expect(INSTANCES * (DATABASE_POOL_MAX + 1)).toBeLessThanOrEqual(97);
    const heapMiB = Number(/--max-old-space-size=(\d+)/.exec(environmentOf(server).NODE_OPTIONS!)![1]);
    expect(server.resources.limits.memory).toBe('1Gi');
    expect(heapMiB / 1024).toBeLessThanOrEqual(0.75);
  });
});

describe('the life of a pod', () => {
  const configuration = loadConfiguration(environmentOf(server));

  it('has probes at addresses that the server answers', () => {
    const probes = [server.startupProbe, server.livenessProbe, server.readinessProbe];
    expect(probes.map(({ httpGet }) => httpGet.path)).toEqual([
      '/health/startup',
      '/health/live',
      '/health/ready',
    ]);
    const endpoint = serviceMonitor.spec.endpoints[0];
    for (const path of [...probes.map(({ httpGet }) => httpGet.path), endpoint.path])
      expect(ROUTES).toContain(path);
    const [port] = server.ports;
    expect(port.containerPort).toBe(configuration.PORT);
    for (const { httpGet } of probes) expect(httpGet.port).toBe(port.name);
    expect(service.spec.ports[0].targetPort).toBe(port.name);
    expect(endpoint.port).toBe(service.spec.ports[0].name);
  });

  it('allows more time for the start than the server waits for its database', () => {
    const { periodSeconds, failureThreshold } = server.startupProbe;
    expect(periodSeconds * failureThreshold * 1_000).toBeGreaterThan(configuration.DATABASE_START_TIMEOUT_MS);
  });

  it('allows more time for the end than the longest drain takes', () => {
    expect(configuration.DRAIN_DELAY_MS).toBeGreaterThanOrEqual(5_000);
    const graceMs = serverPod.spec.terminationGracePeriodSeconds * 1_000;
    expect(graceMs).toBeGreaterThan(longestDrainMs(configuration) + 5_000);
    const [, composeSeconds] = /stop_grace_period: (\d+)s/.exec(read('docker-compose.yml'))!;
    expect(Number(composeSeconds) * 1_000).toBeGreaterThan(longestDrainMs(configuration) + 5_000);
  });

  it('runs a command that the image contains', () => {
    expect(server.command).toEqual(IMAGE_COMMAND);
    expect(migration.command).toEqual([...IMAGE_COMMAND.slice(0, 2), 'migrate', 'up']);
    expect(read('Dockerfile')).toContain(`ENV BACKUP_DIR=${environmentOf(migration).BACKUP_DIR}\n`);
  });
});

describe('the selectors', () => {
  const policies = [
    inBase('network-policy.yaml'),
    readYaml('deploy/kubernetes/overlays/monitoring/network-policy.yaml'),
  ];

  it('of the deployment, the service, the budget and the monitoring match the servers, and not the migration', () => {
    const selectors = [
      deployment.spec.selector.matchLabels,
      service.spec.selector,
      inBase('disruption-budget.yaml').spec.selector.matchLabels,
      serverPod.spec.topologySpreadConstraints[0].labelSelector.matchLabels,
    ];
    for (const labels of selectors)
      expect([selects(labels, serverPod), selects(labels, migrationPod)]).toEqual([true, false]);
    expect(selects(serviceMonitor.spec.selector.matchLabels, service)).toBe(true);
    expect(autoscaler.spec.scaleTargetRef.name).toBe(deployment.metadata.name);
  });

  it('of the network policies match both, so that only listed traffic leaves', () => {
    const [base, monitoring] = policies.map(({ spec }) => spec);
    for (const pod of [serverPod, migrationPod])
      expect(selects(base.podSelector.matchLabels, pod)).toBe(true);
    expect(base.policyTypes).toEqual(['Ingress', 'Egress']);
    expect(selects(monitoring.podSelector.matchLabels, serverPod)).toBe(true);
    for (const { ingress } of [base, monitoring])
      for (const { from, ports } of ingress)
        expect([from.length, ports]).toEqual([1, [{ port: server.ports[0].name }]]);
  });
});

describe('the security context of a pod', () => {
  it.each([
    ['the server', serverPod],
    ['the migration', migrationPod],
  ])('allows only what the program needs: %s', (_name, { spec }) => {
    expect(spec).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    });
    for (const container of spec.containers) {
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(container.resources.limits.memory).toBeDefined();
      expect(container.volumeMounts).toContainEqual({ name: 'tmp', mountPath: '/tmp' });
    }
  });
});
