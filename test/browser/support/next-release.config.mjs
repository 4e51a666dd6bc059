import { mergeConfig } from 'vite';
import present from '../../../web/vite.config.js';

// Builds the unchanged browser client under other file names, as if it had changed.
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
