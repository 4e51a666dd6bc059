import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PROJECT = join(__dirname, '../../..');

/** A second copy of the built server, whose browser client can be replaced by that of another release. */
export class Installation {
  private readonly folder = mkdtempSync(join(tmpdir(), 'xfchat-installation-'));
  readonly program = join(this.folder, 'dist/cli.js');

  constructor() {
    for (const name of ['package.json', 'dist', 'web/dist'])
      cpSync(join(PROJECT, name), join(this.folder, name), { recursive: true });
    symlinkSync(join(PROJECT, 'node_modules'), join(this.folder, 'node_modules'));
  }

  /** Installs the same client under file names with this prefix, so that no file of the old page exists. */
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
