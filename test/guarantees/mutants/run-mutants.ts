// Proves that the tests are effective: each mutant is a mistake, and the test that it names must detect it.
//   npm run test:mutants                  all of them
//   npm run test:mutants -- lock commit   those whose names have one of these words
import type { Mutant, Target } from './mutant';
import { SERVING_MUTANTS } from './serving-mutants';
import { STORING_MUTANTS } from './storing-mutants';
import { Workshop, type TestRun } from './workshop';

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const nameOf = ({ file, test }: Target): string => `${file.replace(/^test\//, '')}${test ? `: ${test}` : ''}`;

/** The guarantees that the failures name. Some tests name none. */
function guaranteesOf({ failures }: TestRun): string {
  const found = failures.flatMap((text) => [...text.matchAll(/"(G\d+): /g)].map(([, name]) => name!));
  const sorted = [...new Set(found)].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));
  return sorted.length > 0 ? `${sorted.join(' ')} in ` : '';
}

/** Checks that every patch still finds its text, before the slow runs. */
function requireFit(workshop: Workshop, mutants: readonly Mutant[]): void {
  const misfits = mutants.flatMap(({ name, patches }) => {
    try {
      workshop.withPatches(patches, () => undefined);
      return [];
    } catch (error) {
      return `${name}: ${(error as Error).message}`;
    }
  });
  if (misfits.length > 0) throw new Error(`mutants that do not fit the sources:\n${misfits.join('\n')}`);
}

/** Checks that each test passes on the unchanged sources; otherwise its failure would prove nothing. */
function requireHealth(workshop: Workshop, mutants: readonly Mutant[]): void {
  const targets = new Map(mutants.map(({ caughtBy }) => [nameOf(caughtBy), caughtBy]));
  workshop.build();
  for (const [name, target] of targets) {
    const run = workshop.test(target);
    if (run.passed === 0 || run.failures.length > 0)
      throw new Error(`without any mutant, ${name} fails: ${run.breakdown ?? run.failures.join('\n')}`);
    say(`without any mutant ${name} passes`);
  }
}

function survives(workshop: Workshop, { name, patches, caughtBy }: Mutant): boolean {
  return workshop.withPatches(patches, () => {
    if (caughtBy.needsBuild) workshop.build();
    const run = workshop.test(caughtBy);
    const isCaught = run.breakdown === undefined && run.failures.length > 0;
    const verdict = isCaught ? `caught by ${guaranteesOf(run)}` : run.breakdown ? 'BREAKS ' : 'SURVIVES ';
    say(`${name.padEnd(50)} ${verdict}${nameOf(caughtBy)}${run.breakdown ? `\n${run.breakdown}` : ''}`);
    return !isCaught;
  });
}

function main(words: readonly string[]): void {
  const mutants = [...STORING_MUTANTS, ...SERVING_MUTANTS].filter(
    ({ name }) => words.length === 0 || words.some((word) => name.includes(word)),
  );
  const workshop = new Workshop();
  try {
    requireFit(workshop, mutants);
    requireHealth(workshop, mutants);
    const survivors = mutants.filter((mutant) => survives(workshop, mutant));
    say(`${mutants.length - survivors.length} of ${mutants.length} mutants were caught`);
    if (survivors.length > 0 || mutants.length === 0) process.exitCode = 1;
  } finally {
    workshop.dispose();
  }
}

main(process.argv.slice(2));
