import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import { defineConfig } from 'vite';

/** Writes a compressed copy beside each file. The server sends it to clients that accept it. */
const compressed = {
  name: 'compressed',
  apply: 'build',
  async writeBundle({ dir }) {
    const names = await readdir(dir, { recursive: true });
    for (const name of names.filter((entry) => /\.(js|css|html|svg)$/.test(entry))) {
      const path = join(dir, name);
      const content = await readFile(path);
      await writeFile(`${path}.br`, await promisify(brotliCompress)(content));
      await writeFile(`${path}.gz`, await promisify(gzip)(content, { level: 9 }));
    }
  },
};

export default defineConfig({
  plugins: [compressed],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  resolve: { conditions: ['@xfchat/source', 'browser', 'module'] },
  build: {
    target: ['chrome123', 'firefox120', 'safari17.5'],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0, // the Content-Security-Policy allows no `data:` URLs
    reportCompressedSize: false,
  },
  // For `npx vite web` beside a running server.
  server: {
    proxy: { '/api': 'http://localhost:3000', '/socket.io': { target: 'ws://localhost:3000', ws: true } },
  },
});
