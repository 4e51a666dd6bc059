import 'reflect-metadata';
import { buildProgram } from './program';

/** Runs a command of the command line. */
export async function run(words: readonly string[]): Promise<void> {
  await buildProgram().parseAsync(words);
}

/**
 * Loads what `start` loads, and runs nothing of it. The build calls this before it stores V8's compiled code
 * (`scripts/bundle.mjs`), so that the stored code is that of a start.
 * @public
 */
export async function readStart(): Promise<void> {
  await Promise.all([
    import('./start.command.ts'),
    import('./prepare-database.ts'),
    import('./serve.ts'),
    import('./work.command.ts'),
  ]);
}
