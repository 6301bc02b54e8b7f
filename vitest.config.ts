// Three projects: unit tests beside the code, integration tests in one process or with one real part, and end-to-end ones.
import { env } from 'node:process';
import { defineConfig } from 'vitest/config';

/** `BERTH_E2E_CLUSTERS=1` is enough for a single file. */
const e2eClusters = 3;

const project = (name: string, include: string[], timeoutMs: number, more: object = {}) => ({
  test: {
    name,
    include,
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs,
    environment: 'node' as const,
    // What a test waits for takes as long as a busy machine likes; the test's own limit ends one that waits in vain.
    expect: { poll: { timeout: timeoutMs } },
    ...more,
  },
});

export default defineConfig({
  test: {
    projects: [
      // Files of one worker share what they import, which is most of their time: no unit test may leave anything changed behind.
      project('unit', ['libs/**/*.test.ts', 'apps/**/*.test.ts', 'tools/**/*.test.ts', 'examples/**/*.test.ts'], 120_000, {
        isolate: false,
        maxWorkers: 2,
      }),
      // Half of them mostly wait for the kernel or a program, so two run side by side.
      project('integration', ['test/integration/**/*.test.ts', 'test/sim/**/*.test.ts'], 120_000, {
        maxWorkers: 2,
        // Needs debootstrap, and minutes.
        exclude: env.BERTH_INSTALL_TEST ? [] : ['test/integration/install/*.test.ts'],
      }),
      // They mostly wait, so more of them than there are cores run side by side; each worker has a cluster of its own (test/e2e/lane.ts).
      project('e2e', ['test/e2e/**/*.test.ts'], 300_000, {
        maxWorkers: Number(env.BERTH_E2E_CLUSTERS ?? e2eClusters),
        globalSetup: ['test/e2e/cluster-setup.ts'],
        // The first two need Go, or programs that were built before; the last one takes minutes.
        exclude: [
          ...(env.BERTH_E2E_OPERATOR ? [] : ['test/e2e/operator.test.ts']),
          ...(env.BERTH_E2E_CSI ? [] : ['test/e2e/csi.test.ts']),
          ...(env.BERTH_VOLUME_KILLS ? [] : ['test/e2e/volume-kills.test.ts']),
        ],
      }),
    ],
  },
});
