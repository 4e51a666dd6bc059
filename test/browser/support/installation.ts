import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PROJECT = join(__dirname, '../../..');

/** The built server once more, whose browser client can be exchanged for that of another release. */
export class Installation {
  private readonly folder = mkdtempSync(join(tmpdir(), 'xfchat-installation-'));
  readonly program = join(this.folder, 'dist/cli.js');

  constructor() {
    for (const name of ['package.json', 'dist', 'web/dist'])
      cpSync(join(PROJECT, name), join(this.folder, name), { recursive: true });
    symlinkSync(join(PROJECT, 'node_modules'), join(this.folder, 'node_modules'));
  }

  /** The same client under names that begin with this one: nothing that the old page may ask for is there any more. */
  upgrade(name: string): void {
    const vite = join(PROJECT, 'node_modules/vite/bin/vite.js');
    const config = join(__dirname, 'next-release.config.mjs');
    const output = join(this.folder, 'web/dist');
    const words = ['build', 'web', '--config', config, '--outDir', output, '--logLevel', 'warn'];
    execFileSync(process.execPath, [vite, ...words], {
      cwd: PROJECT,
      env: { ...process.env, RELEASE: name },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
