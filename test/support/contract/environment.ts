import NodeEnvironment from 'jest-environment-node';
import { writeLedger } from './ledger';
import { Witness } from './witness';

/**
 * The environment of end-to-end tests. Jest loads every module again for each test file, except this one. So each worker
 * reads and compiles the documents once.
 */
export default class ContractEnvironment extends NodeEnvironment {
  private readonly witness = new Witness();
  private isComplete = false;
  private readonly testPath: string;

  constructor(...parameters: ConstructorParameters<typeof NodeEnvironment>) {
    super(...parameters);
    const [, { testPath }] = parameters;
    this.testPath = testPath;
    this.global.witness = this.witness;
  }

  handleTestEvent({ name, test }: { name: string; test?: { errors: unknown[] } }): void {
    if (name === 'run_start') this.isComplete = true;
    if (name === 'test_skip' || (name === 'test_done' && test!.errors.length > 0)) this.isComplete = false;
  }

  override async teardown(): Promise<void> {
    const { testPath, isComplete, witness } = this;
    const faults = witness.takeFaults();
    writeLedger({ testPath, isComplete, exercised: [...witness.exercised], faults });
    await super.teardown();
  }
}
