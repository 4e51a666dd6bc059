import { mergeConfig } from 'vite';
import present from '../../../web/vite.config.js';

// The browser client as it is, under other names: as if something in it had changed.
const name = process.env.RELEASE;

export default mergeConfig(present, {
  build: {
    emptyOutDir: true,
    rollupOptions: {
      output: {
        entryFileNames: `assets/${name}-[hash].js`,
        assetFileNames: `assets/${name}-[hash][extname]`,
      },
    },
  },
});
