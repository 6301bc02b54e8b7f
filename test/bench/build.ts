// npm run bench -- build: a warm rebuild after a one-line change, as it is typed, beside buildah by hand on the same machine: the same folder,
// layers of the build before at hand in both, pushed to the same registry. Goal: at most 1.15 times as long.
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runBuild } from '../../apps/cli/src/build/build.ts';
import { plain } from '../../apps/cli/src/terminal.ts';
import { clusterPackages } from '../../tools/cluster/debian.ts';
import { runCommand } from '../../tools/cluster/run-command.ts';
import { withBenchCluster } from './support/bench-cluster.ts';
import { quantile, rounded } from './support/statistics.ts';

export const packages = clusterPackages;

const rounds = 5;
const timeoutMs = 300_000;

/** A step that takes some seconds and stays as it is, and one that follows the change. */
const dockerfile = `FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "sh", "-c", "b=/bin/busybox; for i in $($b seq 300); do $b sha256sum $b; done > /sums"]
COPY app /app
RUN ["/bin/busybox", "sha256sum", "/app"]
`;

export function run(): Promise<object> {
  return withBenchCluster(async ({ cluster }) => {
    const folder = await mkdtemp(join(tmpdir(), 'berth-bench-build-'));
    try {
      await copyFile('/bin/busybox', join(folder, 'busybox'));
      await writeFile(join(folder, 'Dockerfile'), dockerfile);
      const berth = await timed(folder, () => inPod(cluster.kubeconfig, folder));
      const image = `localhost:${cluster.layout.registryPort}/default/hand:1`;
      const hand = await timed(folder, () => byHand(`${folder}-storage`, image, folder));
      return {
        name: 'build',
        ...{ coldSeconds: berth.coldSeconds, warmSeconds: berth.warmSeconds },
        baseline: 'buildah build and push by hand, as root',
        ...{ baselineColdSeconds: hand.coldSeconds, baselineWarmSeconds: hand.warmSeconds },
        ratio: rounded(berth.warmSeconds / hand.warmSeconds, 2),
        goal: 1.15,
      };
    } finally {
      for (const path of [folder, `${folder}-storage`]) await rm(path, { recursive: true, force: true });
    }
  });
}

/** Warm: the median. */
async function timed(folder: string, build: () => Promise<void>): Promise<{ coldSeconds: number; warmSeconds: number }> {
  const seconds: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    await writeFile(join(folder, 'app'), `line ${round}\n`);
    const startMs = performance.now();
    await build();
    seconds.push((performance.now() - startMs) / 1000);
  }
  const [cold = 0, ...warm] = seconds;
  return { coldSeconds: rounded(cold, 2), warmSeconds: rounded(quantile(warm, 0.5), 2) };
}

async function inPod(kubeconfig: string, folder: string): Promise<void> {
  await runBuild(['--kubeconfig', kubeconfig, '-t', 'bench:1', folder], {
    print: () => undefined,
    note: (text) => console.error(text),
    isTerminal: false,
    paint: plain,
    environment: {},
    signal: new AbortController().signal,
  });
}

async function byHand(storage: string, image: string, folder: string): Promise<void> {
  const buildah = ['buildah', '--root', join(storage, 'root'), '--runroot', join(storage, 'run'), '--storage-driver', 'overlay'];
  await runCommand([...buildah, 'build', '--isolation', 'chroot', '--layers', '--tag', image, folder], { timeoutMs });
  await runCommand([...buildah, 'push', '--quiet', '--tls-verify=false', image], { timeoutMs });
}
