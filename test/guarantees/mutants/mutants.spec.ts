import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { patchedFiles } from './patched-files';
import { SERVING_MUTANTS } from './serving-mutants';
import { STORING_MUTANTS } from './storing-mutants';

const ROOT = join(__dirname, '../../..');

// `npm run test:mutants` takes long. This test finds the errors that would stop it at once.
describe('the mutants', () => {
  it.each([...STORING_MUTANTS, ...SERVING_MUTANTS])('“$name” fits the sources', ({ patches, caughtBy }) => {
    expect(patchedFiles(ROOT, patches).size).toBeGreaterThan(0);
    const { file, test = '' } = caughtBy;
    const path = ['.ts', '.e2e-spec.ts'].map((ending) => join(ROOT, file + ending)).find(existsSync);
    expect(readFileSync(path!, 'utf8')).toContain(test);
  });
});
