// Three projects: unit tests beside the code, integration tests in one process or with one real part, and end-to-end ones.
import { defineConfig } from 'vitest/config';

const project = (name: string, include: string[], timeoutMs: number, more: object = {}) => ({
  test: {
    name,
    include,
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs,
    environment: 'node' as const,
    ...more,
  },
});

export default defineConfig({
  test: {
    projects: [
      project('unit', ['libs/**/*.test.ts', 'apps/**/*.test.ts', 'tools/**/*.test.ts'], 20_000),
      project('integration', ['test/integration/**/*.test.ts', 'test/sim/**/*.test.ts'], 120_000),
      project('e2e', ['test/e2e/**/*.test.ts'], 300_000, { fileParallelism: false, globalSetup: ['test/e2e/cluster-setup.ts'] }),
    ],
  },
});
