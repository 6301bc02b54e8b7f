// How the dashboard is bundled. The control plane serves dist at /ui with a policy that allows nothing from elsewhere and no
// inline scripts or styles.
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const sheetElement = fileURLToPath(new URL('src/parts/terminal/sheet-element.ts', import.meta.url));

/** What of the terminal's library the policy forbids: elements of styles, and styles as attributes. Each is found, or the build fails. */
const terminalStyles: [found: RegExp, times: number, instead: string][] = [
  [/[\w.]+\.createElement\("style"\)/g, 3, 'sheetElement()'],
  [/(\w)\.setAttribute\("style",(`.*?`)\)/g, 1, '$1.style.cssText=$2'],
];

const terminalWithinPolicy: Plugin = {
  name: 'terminal-within-policy',
  transform(code, id) {
    if (!id.includes('/@xterm/xterm/lib/')) return null;
    let changed = code;
    for (const [found, times, instead] of terminalStyles) {
      const count = changed.match(found)?.length ?? 0;
      if (count !== times) throw new Error(`@xterm/xterm has ${count} of ${found}, not ${times}: see terminalStyles in vite.config.ts`);
      changed = changed.replace(found, instead);
    }
    return { code: `import { sheetElement } from ${JSON.stringify(sheetElement)};\n${changed}`, map: null };
  },
};

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/ui/',
  plugins: [react(), terminalWithinPolicy],
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
