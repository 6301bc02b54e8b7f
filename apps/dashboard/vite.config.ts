// How the dashboard is bundled. The control plane serves dist at /ui with a policy that allows nothing from elsewhere and no
// inline scripts or styles.
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/ui/',
  plugins: [react()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    modulePreload: { polyfill: false },
    // The libraries' modules only define things: what the dashboard does not use of them is left out.
    rolldownOptions: { treeshake: { moduleSideEffects: (id: string) => !id.includes('/libs/') } },
  },
  logLevel: 'warn',
});
