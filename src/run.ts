import 'reflect-metadata';
import { buildProgram } from './program';

/** Runs the command that the words of the command line name. */
export async function run(words: readonly string[]): Promise<void> {
  await buildProgram().parseAsync(words);
}

/**
 * Reads what `start` reads, and runs nothing of it. The build does so before it keeps what V8 has compiled
 * (`scripts/bundle.mjs`), so that the kept code is that of a start.
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
