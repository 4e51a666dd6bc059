import { closeLedger } from './contract/ledger';
import { stopTestPostgres } from './global-setup';

export default async function globalTeardown(
  _run: object,
  project: { testRegex: readonly (string | RegExp)[] },
): Promise<void> {
  await stopTestPostgres();
  closeLedger(project.testRegex.map((pattern) => new RegExp(pattern)));
}
