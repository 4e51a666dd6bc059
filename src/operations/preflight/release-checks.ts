import { readFile } from 'node:fs/promises';
import { green, person, red, type ItemResult, type Ground } from './checklist';

const PATIENCE_MS = 5_000;
/** Older results say little about the release that is about to be deployed. */
const RESULTS_LAST_MS = 7 * 86_400_000;

interface Rule {
  readonly type: string;
  readonly name: string;
  readonly health: string;
  readonly state?: string;
}

/** Checks that Prometheus has the alert rules of this release and can evaluate them, and that none fires. */
export async function checkAlerts({ options: { prometheus, alertRules } }: Ground): Promise<ItemResult> {
  if (prometheus === undefined)
    return person('are the rules loaded, and is no alert firing? --prometheus <url> asks Prometheus');
  const text = await readFile(alertRules, 'utf8');
  const wanted = [...text.matchAll(/^\s*-\s*alert:\s*['"]?(\w+)/gm)].map(([, name]) => name!);
  if (wanted.length === 0) return red(`${alertRules} has no alert rules`);
  const rules = await rulesOf(prometheus);
  const loaded = new Map(rules.filter(({ type }) => type === 'alerting').map((rule) => [rule.name, rule]));
  const missing = wanted.filter((name) => !loaded.has(name));
  if (missing.length > 0)
    return red(`Prometheus lacks rules of this release: ${missing.join(', ')}. Load ${alertRules}.`);
  const ours = wanted.map((name) => loaded.get(name)!);
  const broken = ours.filter(({ health }) => health === 'err').map(({ name }) => name);
  if (broken.length > 0) return red(`rules that cannot be evaluated: ${broken.join(', ')}`);
  const firing = ours.filter(({ state }) => state === 'firing').map(({ name }) => name);
  if (firing.length > 0) return red(`firing: ${firing.join(', ')}. Deploy when no alert fires.`);
  return green(`all ${wanted.length} rules are loaded, and none fires`);
}

interface RulesAnswer {
  readonly data?: { readonly groups?: readonly { readonly rules: Rule[] }[] };
}

async function rulesOf(prometheus: string): Promise<Rule[]> {
  const url = `${prometheus.replace(/\/$/, '')}/api/v1/rules`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) }).catch((error: Error) => {
    const { code = error.name } = (error.cause ?? {}) as { code?: string };
    throw new Error(`${url} does not answer (${code})`);
  });
  const body = (await answer.json().catch(() => undefined)) as RulesAnswer | undefined;
  if (!answer.ok || !body?.data?.groups) throw new Error(`${url} answers ${answer.status} without rules`);
  return body.data.groups.flatMap(({ rules }) => rules);
}

interface Results {
  readonly success?: boolean;
  readonly numPassedTests?: number;
  readonly numFailedTests?: number;
  readonly numFailedTestSuites?: number;
  readonly startTime?: number;
}

/** The file that `npm test -- --json --outputFile=<file>` writes. */
export async function checkTests({ options: { testResults } }: Ground): Promise<ItemResult> {
  if (testResults === undefined) return person('did all tests pass? --test-results <file> shows it');
  const results = JSON.parse(await readFile(testResults, 'utf8')) as Results;
  const { success, numPassedTests: passed = 0, numFailedTests: failed = 0, startTime = 0 } = results;
  const when = new Date(startTime).toISOString();
  if (success !== true || failed > 0)
    return red(
      `${failed} tests and ${results.numFailedTestSuites ?? 0} files failed at ${when} (${testResults})`,
    );
  if (passed === 0) return red(`${testResults} contains no test`);
  if (Date.now() - startTime > RESULTS_LAST_MS)
    return red(`the results are of ${when}: test the release that is to be deployed`);
  return green(`${passed} tests passed at ${when}`);
}
