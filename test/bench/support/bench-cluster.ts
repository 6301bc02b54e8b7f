// A cluster for benchmarks: real processes in a directory of their own, gone afterwards.
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from '../../../tools/build.ts';
import { Cluster } from '../../../tools/cluster/cluster.ts';
import { provideImage } from '../../../tools/cluster/images.ts';
import { layoutOf, root, testInstances } from '../../../tools/cluster/layout.ts';

export interface BenchCluster {
  cluster: Cluster;
  image: string;
}

/** Rejects when somebody ends the benchmark, so that its cluster ends first. */
function interruption(): Promise<never> {
  return new Promise((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => reject(new Error(`the benchmark was ended by ${signal}`)));
  });
}

export async function withBenchCluster<T>(use: (bench: BenchCluster) => Promise<T>): Promise<T> {
  await build();
  const directory = await mkdtemp('/tmp/bbench-');
  const cluster = new Cluster({ ...layoutOf(testInstances.bench), directory });
  try {
    await cluster.startRegistry();
    await cluster.startControlPlane();
    await cluster.startAgents();
    const image = await provideImage(cluster.layout, { repository: 'berth/hello', tag: '1.0', folder: join(root, 'examples', 'hello') });
    return await Promise.race([use({ cluster, image }), interruption()]);
  } catch (error) {
    // What comes of removing the cluster shall not hide it.
    console.error(error);
    throw error;
  } finally {
    await cluster.stop({ removeState: true });
    await rm(directory, { recursive: true, force: true });
  }
}
