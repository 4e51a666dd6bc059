import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

type Versions = Record<'socket.io' | 'socket.io-adapter' | 'engine.io' | 'ws', string>;

/** The tested versions of the packages whose internals `turn-broadcast.ts` and `turn-transport.ts` use. */
const TESTED: Versions = {
  'socket.io': '4.8.4',
  'socket.io-adapter': '2.5.8',
  'engine.io': '6.6.12',
  ws: '8.21.3',
};

/** The installed versions, resolved from the package that uses each. */
export function installedVersions(): Versions {
  const ours = createRequire(__filename);
  const ofSocketIo = createRequire(ours.resolve('socket.io'));
  const ofEngine = createRequire(ofSocketIo.resolve('engine.io'));
  return {
    'socket.io': versionOf('socket.io', ours),
    'socket.io-adapter': versionOf('socket.io-adapter', ofSocketIo),
    'engine.io': versionOf('engine.io', ofSocketIo),
    ws: versionOf('ws', ofEngine),
  };
}

/** The installed versions that differ from the tested ones, as `name version`. */
export function untestedVersions(installed: Versions): string[] {
  return (Object.keys(TESTED) as (keyof Versions)[])
    .filter((name) => installed[name] !== TESTED[name])
    .map((name) => `${name} ${installed[name]}`);
}

/** Searches for package.json above the package's main file, because not every package exports its package.json. */
function versionOf(name: string, require: NodeJS.Require): string {
  for (let folder = dirname(require.resolve(name)); ; folder = dirname(folder)) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<
        string,
        string
      >;
      if (manifest.name === name) return manifest.version ?? 'unknown';
    } catch {
      if (folder === dirname(folder)) return 'unknown';
    }
  }
}
