// `npm run deployment:alerts`: writes the rules of deploy/monitoring as the PrometheusRule of the monitoring overlay.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';

const deploy = join(import.meta.dirname, '../deploy');
export const source = join(deploy, 'monitoring/alerts.yml');
const target = join(deploy, 'kubernetes/overlays/monitoring/prometheus-rule.yaml');

function prometheusRule() {
  const rule = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'xfchat' },
    spec: { groups: parse(readFileSync(source, 'utf8')).groups },
  };
  const head = '# Made by `npm run deployment:alerts` from deploy/monitoring/alerts.yml: change that.\n';
  return head + stringify(rule, { lineWidth: 0 });
}

/** @returns the faults, one per line; undefined when there are no rules to compare with */
export function alertsOfOverlay() {
  if (!existsSync(source)) return undefined;
  const held = existsSync(target) ? readFileSync(target, 'utf8') : undefined;
  return held === prometheusRule()
    ? []
    : [`${target} is not what deploy/monitoring/alerts.yml says: npm run deployment:alerts`];
}

if (process.argv[1] === import.meta.filename) writeFileSync(target, prometheusRule());
