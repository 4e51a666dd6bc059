// Writes tests for promtool from deploy/monitoring/alerts.edges.yml, which explains its format, and from the rules.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const UNITS = { s: 1, m: 60, h: 3600, d: 86_400 };
const DEFAULT_STEP = '15s';

/**
 * @param monitoring deploy/monitoring
 * @param folder the folder for the tests
 * @returns the paths of the tests, one file for each evaluation interval
 */
export function writeEdgeTests(monitoring, folder) {
  const read = (file) => parse(readFileSync(join(monitoring, file), 'utf8'));
  const { groups } = read('alerts.yml');
  const rules = new Map(groups.flatMap((group) => group.rules.map((rule) => [rule.alert, rule])));
  // A later rule can use what an earlier one has recorded in the same evaluation.
  const group_eval_order = groups.map(({ name }) => name);
  const byStep = new Map();
  for (const [alert, rows] of Object.entries(read('alerts.edges.yml')))
    for (const row of rows) {
      const { step = DEFAULT_STEP } = row;
      const tests = testsOf(rules.get(alert), row, secondsOf(step));
      byStep.set(step, [...(byStep.get(step) ?? []), ...tests]);
    }
  return [...byStep].map(([step, tests]) => {
    const path = join(folder, `edges-${step}.test.yml`);
    const rule_files = [join(monitoring, 'alerts.yml')];
    writeFileSync(path, JSON.stringify({ rule_files, evaluation_interval: step, group_eval_order, tests }));
    return path;
  });
}

function testsOf(rule, row, step) {
  const onset = secondsOf(row.onset ?? '0s');
  const patience = secondsOf(rule.for ?? '0s');
  const dueAt = onset + patience;
  const { silent, fires, labels = { job: 'xfchat', instance: 'a' } } = row;
  const alert = {
    exp_labels: { ...labels, severity: rule.labels.severity },
    exp_annotations: rule.annotations,
  };
  const at = (seconds, exp_alerts) => ({ eval_time: `${seconds}s`, alertname: rule.alert, exp_alerts });
  const before = dueAt - step >= 0 ? [at(dueAt - step, [])] : [];
  const test = (value, alert_rule_test) => ({
    name: `${rule.alert} at ${value ?? 'nothing'}`,
    interval: `${step}s`,
    input_series: Object.entries(row.series).map(([series, values]) => ({
      series,
      values: valuesOf(String(values).replace('{}', value), dueAt / step),
    })),
    alert_rule_test,
  });
  const edge = test(fires, [...before, at(dueAt, [alert])]);
  return silent === undefined ? [edge] : [edge, test(silent, [at(dueAt, [])])];
}

/** A number or a slope lasts until the alert is due, and one sample longer. */
const valuesOf = (text, samples) => (/x/.test(text) ? text : `${text}x${Math.ceil(samples) + 1}`);

function secondsOf(text) {
  return [...text.matchAll(/(\d+)([smhd])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * UNITS[unit],
    0,
  );
}
